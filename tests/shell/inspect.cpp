// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/inspect.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>

#include "hardened/core/document.hpp"
#include "inspect_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

TEST_F(Inspect, WhatIsStatedIsWhatIsHeld) {
  put(bundle_ / "data", "x");
  const Inspection seen = look_at(bundle_ / "data");
  const SourceFact& fact = seen.facts.sources.at(bundle_ / "data");
  EXPECT_EQ(fact.sight, Sight::seen);
  EXPECT_EQ(fact.kind, FileKind::regular);
  EXPECT_EQ(fact.path, bundle_ / "data");
  EXPECT_EQ(fact.identity, identity_of(bundle_ / "data"));
  EXPECT_EQ(fact.owner, ::geteuid());
  EXPECT_FALSE(fact.location.device.empty());
  const int held = seen.objects.at(bundle_ / "data").number();
  EXPECT_EQ(identity_of("/proc/self/fd/" + std::to_string(held)), fact.identity);
  EXPECT_NE(::fcntl(held, F_GETFL) & O_PATH, 0);
}

TEST_F(Inspect, ALinkInASourceIsWhatItPointsTo) {
  fs::create_symlink("/etc", bundle_.path() / "innocent");
  const SourceFact fact = source(bundle_ / "innocent");
  EXPECT_EQ(fact.path, fs::canonical("/etc"));
  EXPECT_EQ(fact.identity, identity_of("/etc"));
}

TEST_F(Inspect, ARelativeSourceIsBelowTheBundle) {
  fs::create_directory(bundle_.path() / "data");
  EXPECT_EQ(source("data").path, bundle_ / "data");
  const Error error = error_of([&] {
    inspect(kernel_, parse_document(R"({"mounts": [{"type": "bind", "source": "data"}]})"),
            profile_, "", Looking::must_see);
  });
  EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
  EXPECT_EQ(error.pointer(), "/mounts/0/source");
}

TEST_F(Inspect, OptionsMakeABindWhateverTheTypeSays) {
  const std::string text = R"({"mounts": [
    {"type": "none", "source": "/usr", "options": ["rbind"]},
    {"source": "/etc", "options": ["ro", "bind"]},
    {"type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]}, {"type": "proc", "source": "proc"}]})";
  const Facts facts = look(text).facts;
  EXPECT_EQ(facts.sources.size(), 2U);
  EXPECT_EQ(facts.sources.at("/usr").sight, Sight::seen);
  EXPECT_EQ(facts.sources.at("/etc").sight, Sight::seen);
}

TEST_F(Inspect, AMissingSourceIsMissingForCreateAndUnseenForDryRun) {
  EXPECT_EQ(source(bundle_ / "none").sight, Sight::missing);
  EXPECT_EQ(source(bundle_ / "none/below").sight, Sight::missing);
  const Inspection dry = look_at(bundle_ / "none", "", Looking::as_far_as_possible);
  EXPECT_EQ(dry.facts.sources.at(bundle_ / "none").sight, Sight::unseen);
  EXPECT_TRUE(dry.objects.empty());
}

TEST_F(Inspect, ASourceThatCannotBeOpenedStopsCreateAndIsUnseenForDryRun) {
  kernel_.before["open /closed/door"] = [] { throw Error::from_errno(EACCES, "open"); };
  expect_refused("/closed/door", ErrorKind::system);
}

TEST_F(Inspect, ASourceWithoutANameIsRefused) {
  put(bundle_ / "gone", "x");
  const Descriptor file(::open((bundle_ / "gone").c_str(), O_RDONLY | O_CLOEXEC));
  fs::remove(bundle_.path() / "gone");
  expect_refused("/proc/self/fd/" + std::to_string(file.number()), ErrorKind::refused);
}

TEST_F(Inspect, AFifoIsLookedAtWithoutWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo((bundle_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(source(bundle_ / "fifo").kind, FileKind::fifo);
  const std::string fifo = bundle_ / "fifo";
  const Facts facts =
      look(R"({"linux": {"namespaces": [{"type": "network", "path": ")" + fifo + "\"}]}}").facts;
  EXPECT_EQ(facts.namespaces.at(fifo).sight, Sight::seen);
  EXPECT_EQ(facts.namespaces.at(fifo).type, "");
}

TEST_F(Inspect, ADeviceNodeTellsItsNumber) {
  const SourceFact fact = source("/dev/null");
  EXPECT_EQ(fact.kind, FileKind::character);
  EXPECT_EQ(fact.major, 1U);
  EXPECT_EQ(fact.minor, 3U);
}

TEST_F(Inspect, WhatOthersCanWriteOrReplaceIsReplaceable) {
  NEEDS_ROOT();
  const std::string parent = bundle_ / "parent";
  fs::create_directory(parent);
  put(parent + "/file", "x");
  EXPECT_FALSE(source(parent + "/file").replaceable);
  ASSERT_EQ(::chmod(parent.c_str(), 0777), 0);
  EXPECT_TRUE(source(parent + "/file").replaceable);
  ASSERT_EQ(::chmod(parent.c_str(), 01777), 0);  // as /tmp: others cannot rename what root owns
  EXPECT_FALSE(source(parent + "/file").replaceable);
  EXPECT_TRUE(source(parent).replaceable);
  ASSERT_EQ(::chmod((parent + "/file").c_str(), 0660), 0);
  EXPECT_TRUE(source(parent + "/file").replaceable);
  ASSERT_EQ(::chmod((parent + "/file").c_str(), 0600), 0);
  ASSERT_EQ(::chown((parent + "/file").c_str(), 1000, 0), 0);
  EXPECT_TRUE(source(parent + "/file").replaceable);
  ASSERT_EQ(::chown((parent + "/file").c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(parent.c_str(), 1000, 0), 0);
  EXPECT_TRUE(source(parent + "/file").replaceable);
}

TEST_F(Inspect, ABindElsewhereDoesNotHideWhereADirectoryLies) {
  NEEDS_ROOT();
  mount_at("/etc", bundle_ / "x", nullptr, MS_BIND);
  const Inspection seen = look_at(bundle_ / "x");
  const auto& sensitive = seen.facts.host.sensitive;
  const auto etc = std::find_if(sensitive.begin(), sensitive.end(),
                                [](const SensitivePath& entry) { return entry.path == "/etc"; });
  ASSERT_NE(etc, sensitive.end());
  const SourceFact& fact = seen.facts.sources.at(bundle_ / "x");
  EXPECT_EQ(fact.location, etc->location);
  EXPECT_EQ(fact.identity, etc->identity);
  EXPECT_EQ(fact.path, bundle_ / "x");
  Location below = etc->location;
  below.path += "/passwd";
  EXPECT_EQ(source(bundle_ / "x/passwd").location, below);
}

TEST_F(Inspect, EveryMountBelowARecursiveBindIsASourceOfItsOwn) {
  NEEDS_ROOT();
  const std::string tree = bundle_ / "tree";
  mount_at("none", tree + "/a b", "tmpfs", MS_NOSUID | MS_NOEXEC);
  mount_at("/etc", tree + "/a b/deep", nullptr, MS_BIND);
  const SourceFact fact = source(tree);
  ASSERT_EQ(fact.submounts.size(), 2U);
  EXPECT_EQ(fact.submounts[0].path, tree + "/a b");
  EXPECT_EQ(fact.submounts[0].file_system, "tmpfs");
  EXPECT_EQ(fact.submounts[0].locked_options, (Strings{"nosuid", "noexec"}));
  EXPECT_EQ(fact.submounts[1].location, source("/etc").location);
  EXPECT_EQ(look_at(tree, "\"bind\"").facts.sources.at(tree).submounts.size(), 0U);
  EXPECT_EQ(look_at(tree, "").facts.sources.at(tree).submounts.size(), 2U);
}

TEST_F(Inspect, TheMountThatWasReachedDecidesNotTheOneItHides) {
  NEEDS_ROOT();
  const std::string point = bundle_ / "point";
  mount_at("/etc", point, nullptr, MS_BIND);
  const Descriptor hidden(::open(point.c_str(), O_PATH | O_CLOEXEC));
  mount_at("none", point, "tmpfs", MS_NODEV);
  EXPECT_EQ(source(point).file_system, "tmpfs");
  EXPECT_EQ(source(point).locked_options, Strings{"nodev"});
  expect_refused("/proc/self/fd/" + std::to_string(hidden.number()), ErrorKind::refused);
}

TEST_F(Inspect, ASourceInAnotherMountNamespaceIsRefused) {
  NEEDS_ROOT();
  fs::create_directory(bundle_.path() / "there");
  const std::string there = bundle_ / "there";
  const OtherProcess other([&] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", there.c_str(), "tmpfs", 0, nullptr) == 0 &&
           ::mkdir((there + "/x").c_str(), 0700) == 0;
  });
  expect_refused(other.proc("root" + there + "/x"), ErrorKind::refused);
}

TEST_F(Inspect, TheCallersOwnLimitsAreTheKernels) {
  const HostFacts host = inspect_host(kernel_, profile_);
  struct rlimit limit {};
  for (const auto& [type, resource] :
       {std::pair{"RLIMIT_CORE", RLIMIT_CORE}, std::pair{"RLIMIT_NOFILE", RLIMIT_NOFILE},
        std::pair{"RLIMIT_NPROC", RLIMIT_NPROC}, std::pair{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
        std::pair{"RLIMIT_NICE", RLIMIT_NICE}, std::pair{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
        std::pair{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
        std::pair{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}}) {
    ASSERT_EQ(::getrlimit(resource, &limit), 0) << type;
    EXPECT_EQ(host.resource_limits.at(type).soft, limit.rlim_cur) << type;
    EXPECT_EQ(host.resource_limits.at(type).hard, limit.rlim_max) << type;
  }
}

}  // namespace
}  // namespace hardened
