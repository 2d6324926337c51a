// SPDX-License-Identifier: Apache-2.0
// Where inspection says that mounts land: in the rootfs, through links, and through earlier mounts.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "inspect_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

class Destination : public Inspect {
 protected:
  Destination() {
    for (const char* name : {"rootfs/proc", "rootfs/data", "rootfs/var", "a", "b"}) {
      fs::create_directory(bundle_.path() / name);
    }
  }
  void link(const std::string& target, const std::string& name) {
    fs::create_symlink(target, bundle_.path() / name);
  }
  void bind(const std::string& place, const std::string& source, const std::string& option) {
    mounts_.push_back({{"destination", place},
                       {"type", "bind"},
                       {"source", bundle_ / source},
                       {"options", Json::array({option})}});
  }
  void tmpfs(const std::string& place, const Json& options = Json::array()) {
    mounts_.push_back(
        {{"destination", place}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", options}});
  }
  std::map<std::string, DestinationFact> destinations(Looking looking = Looking::must_see) {
    const Json document{{"root", {{"path", "rootfs"}}}, {"mounts", mounts_}};
    return look(document.dump(), looking).facts.destinations;
  }
  DestinationFact working_directory(const std::string& cwd, Looking looking = Looking::must_see) {
    const Json document{
        {"root", {{"path", "rootfs"}}}, {"process", {{"cwd", cwd}}}, {"mounts", mounts_}};
    return look(document.dump(), looking).facts.working_directory;
  }
  Strings places(const std::string& text) { return destinations().at(text).places; }

  Json mounts_ = Json::array();
};

TEST_F(Destination, ALinkOfTheImageIsFollowedInsideTheRootfs) {
  link("/proc", "rootfs/lp");
  link("../../../proc/./sys", "rootfs/data/up");
  link("lp", "rootfs/twice");
  for (const char* text : {"/lp", "//data//up/x", "/twice/x", "relative/./x"}) tmpfs(text);
  EXPECT_EQ(places("/lp"), Strings{"/proc"});
  EXPECT_EQ(places("//data//up/x"), Strings{"/proc/sys/x"});
  EXPECT_EQ(places("/twice/x"), Strings{"/proc/x"});
  EXPECT_EQ(places("relative/./x"), Strings{"/relative/x"});
  EXPECT_FALSE(destinations().at("/lp").linked);
}

TEST_F(Destination, WhatIsMissingIsWalkedByItsTextAsRuntimesDo) {
  link("nowhere/../proc", "rootfs/dangling");
  link("/", "rootfs/top");
  tmpfs("/dangling/x");
  tmpfs("/top");
  EXPECT_EQ(places("/dangling/x"), Strings{"/proc/x"});
  EXPECT_EQ(places("/top"), Strings{"/"});
}

TEST_F(Destination, ALinkInsideAnEarlierBindIsFollowedAndTold) {
  link("/proc", "a/x");
  bind("/data", "a", "rbind");
  bind("/data/x", "b", "rbind");
  EXPECT_EQ(places("/data/x"), Strings{"/proc"});
  EXPECT_TRUE(destinations().at("/data/x").linked);
  EXPECT_FALSE(destinations().at("/data").linked);
}

TEST_F(Destination, ALinkThatIsCoveredByThenIsNotSeen) {
  link("/proc", "rootfs/data/x");
  tmpfs("/data");
  tmpfs("/data/x");
  EXPECT_EQ(places("/data/x"), Strings{"/data/x"});
}

TEST_F(Destination, AMountOverALinksTargetHidesWhatIsBelow) {
  link("/data", "rootfs/ld");
  link("/proc", "rootfs/data/x");
  bind("/ld", "b", "rbind");
  tmpfs("/data/x");
  EXPECT_EQ(places("/data/x"), Strings{"/data/x"});
}

TEST_F(Destination, ACopyOfTheImageHasItsLinks) {
  link("/proc", "rootfs/data/x");
  tmpfs("/data", {"tmpcopyup"});
  tmpfs("/data/x");
  EXPECT_EQ(places("/data/x"), Strings{"/proc"});
}

TEST_F(Destination, TheContainersOwnDirectoryOnItselfIsTheImage) {
  link("/proc", "rootfs/var/x");
  bind("/var", "rootfs/var", "bind");
  tmpfs("/var/x");
  EXPECT_EQ(places("/var/x"), Strings{"/proc"});
  EXPECT_FALSE(destinations().at("/var/x").linked);
}

TEST_F(Destination, OneTextCanLeadToTwoPlaces) {
  link("/proc", "a/x");
  tmpfs("/data/x");
  bind("/data", "a", "rbind");
  tmpfs("/data/x");
  EXPECT_EQ(places("/data/x"), (Strings{"/data/x", "/proc"}));
}

TEST_F(Destination, WhatAPlainBindLeavesBehindIsNotTakenForWhatItShows) {
  NEEDS_ROOT();
  mount_at("none", bundle_ / "a/below", "tmpfs", 0);
  bind("/data", "a", "bind");
  tmpfs("/data/below/x");
  const Error error = error_of([&] { destinations(); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.pointer(), "/mounts/1/destination");
  EXPECT_EQ(destinations(Looking::as_far_as_possible).at("/data/below/x").sight, Sight::unseen);
}

TEST_F(Destination, EndlessLinksAreRefused) {
  link("loop", "rootfs/loop");
  tmpfs("/loop/x");
  const Error error = error_of([&] { destinations(); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.pointer(), "/mounts/0/destination");
}

TEST_F(Destination, WithoutARootfsNothingIsClaimed) {
  tmpfs("/data");
  fs::remove_all(bundle_.path() / "rootfs");
  EXPECT_TRUE(destinations(Looking::as_far_as_possible).empty());
}

// CVE-2024-21626 by a link of the image.
TEST_F(Destination, AWorkingDirectoryIsFollowedWhereItLeads) {
  link("/proc/self/fd", "rootfs/work");
  link("work/7", "rootfs/data/twice");
  link("../proc/self", "rootfs/data/up");
  EXPECT_EQ(working_directory("/work").places, Strings{"/proc/self/fd"});
  EXPECT_EQ(working_directory("/work/7").places, Strings{"/proc/self/fd/7"});
  EXPECT_EQ(working_directory("/data/up/cwd").places, Strings{"/proc/self/cwd"});
  EXPECT_EQ(working_directory("/data/twice").places, Strings{"/data/work/7"});
  EXPECT_EQ(working_directory("/").places, Strings{"/"});
  EXPECT_EQ(working_directory("/not/there").places, Strings{"/not/there"});
  EXPECT_FALSE(working_directory("/work").linked);
}

// The rule takes ".." out by the text, so that is what the runtime gets.
TEST_F(Destination, AWorkingDirectoryIsFollowedAsTheRuntimeGetsIt) {
  link("/proc/self", "rootfs/work");
  EXPECT_EQ(working_directory("/work/../data").places, Strings{"/data"});
  EXPECT_EQ(working_directory("/data/../work").places, Strings{"/proc/self"});
  EXPECT_EQ(working_directory("relative").sight, Sight::unseen);
}

TEST_F(Destination, AWorkingDirectoryIsFollowedThroughTheMounts) {
  link("/proc/self/fd", "rootfs/data/image");
  link("/proc/self/fd", "a/volume");
  bind("/data", "a", "rbind");
  EXPECT_EQ(working_directory("/data/image").places, Strings{"/data/image"});
  EXPECT_EQ(working_directory("/data/volume").places, Strings{"/proc/self/fd"});
  EXPECT_TRUE(working_directory("/data/volume").linked);
  tmpfs("/data");
  EXPECT_EQ(working_directory("/data/volume").places, Strings{"/data/volume"});
}

TEST_F(Destination, AWorkingDirectoryBelowAMissingSourceIsTheRuntimesToRefuse) {
  link("/proc/self/fd", "rootfs/work");
  bind("/data", "missing", "rbind");
  EXPECT_EQ(working_directory("/work").sight, Sight::missing);
  EXPECT_EQ(working_directory("/work", Looking::as_far_as_possible).sight, Sight::unseen);
}

// A socket that somebody listens on, as long as it lives.
class Listening {
 public:
  explicit Listening(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.number(), 1), 0);
  }

 private:
  Descriptor socket_;
};

bool is_sensitive(const Inspection& seen, const std::string& path) {
  const auto& all = seen.facts.host.sensitive;
  return std::any_of(all.begin(), all.end(), [&](const SensitivePath& entry) {
    return entry.path == path && entry.identity == identity_of(path);
  });
}

TEST_F(Inspect, AnEnginesListeningSocketIsSensitiveWhereverItIs) {
  const std::string path = bundle_ / "docker.sock";
  const Listening engine(path);
  EXPECT_TRUE(is_sensitive(look("{}"), path));
}

TEST_F(Inspect, AnotherProgramsSocketIsNot) {
  const std::string path = bundle_ / "mysqld.sock";
  const Listening server(path);
  EXPECT_FALSE(is_sensitive(look_at(bundle_.path()), path));
}

TEST_F(Inspect, ASocketOfAnEngineByAnyNameIsSensitiveWhereASourceHoldsIt) {
  NEEDS_ROOT();
  const std::string path = bundle_ / "any name";
  const OtherProcess engine([&] {
    static const Listening* listening = new Listening(path);  // as long as the process
    return ::prctl(PR_SET_NAME, "dockerd") == 0 && listening != nullptr;
  });
  EXPECT_TRUE(is_sensitive(look_at(bundle_.path()), path));
  EXPECT_FALSE(is_sensitive(look_at(bundle_ / "rootfs"), path));
}

TEST_F(Inspect, AnEnginesSocketThroughAnotherUsersLinkIsNotFollowed) {
  NEEDS_ROOT();
  fs::create_directory(bundle_.path() / "run");
  const std::string path = bundle_ / "run/docker.sock";
  fs::create_symlink("run", bundle_.path() / "link");
  const Listening engine(bundle_ / "link/docker.sock");
  EXPECT_TRUE(is_sensitive(look("{}"), path));
  ASSERT_EQ(::lchown((bundle_ / "link").c_str(), 1000, 1000), 0);
  EXPECT_FALSE(is_sensitive(look("{}"), path));
}

}  // namespace
}  // namespace hardened
