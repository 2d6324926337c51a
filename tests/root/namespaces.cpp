// SPDX-License-Identifier: Apache-2.0
// Namespaces joined by path: the object that was opened, through runc, for every type.
#include <sys/prctl.h>

#include <csignal>

#include "container.hpp"
#include "hardened/shell/harden.hpp"

namespace hardened {
namespace {

// A process in namespaces of its own, as another container would be.
class JoinedNamespaces : public ContainerTest {
 protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    neighbour = start();
  }
  void TearDown() override {
    for (const pid_t pid : started) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    ContainerTest::TearDown();
  }
  pid_t start(int flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID) {
    int ready[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::unshare(flags) == 0 && ::fork() != 0) (void)!::write(ready[1], "x", 1);
      // The namespace's own first process goes with the one that made it.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1) << "unshare";
    ::close(ready[0]);
    started.push_back(child);
    return child;
  }
  static std::string file(pid_t pid, const std::string& name) {
    return "/proc/" + std::to_string(pid) + "/ns/" + name;
  }
  void join(const std::string& type, const std::string& path) {
    for (Json& entry : config["linux"]["namespaces"]) {
      if (entry.at("type") == type) {
        entry["path"] = path;
        return;
      }
    }
    config["linux"]["namespaces"].push_back({{"type", type}, {"path", path}});
  }

  // A create by the whole way that joins the network of a container with ids of our pool, which
  // ends before the `last`th look at its user namespace. Code 0: the runtime was reached, and the
  // output is the number of looks; 1: refused, and the output says why.
  Ended create_joining(int last) {
    write_policy();
    return in_child([&] {
      const pid_t owner = start(CLONE_NEWUSER | CLONE_NEWNET);
      for (const char* map : {"/uid_map", "/gid_map"}) {
        put("/proc/" + std::to_string(owner) + map, "0 1879506944 65536\n");
      }
      join("network", file(owner, "net"));
      write_config();
      int looks = 0;
      FakeKernel kernel(Mounts::real);
      kernel.before["open " + file(owner, "user")] = [&] {
        if (++looks != last) return;
        if (files_of_state() == 0) dprintf(1, "not leased yet");
        ::kill(owner, SIGKILL);
        ::waitpid(owner, nullptr, 0);
      };
      int code = 0;
      try {
        harden(kernel, environment,
               Invocation::parse({"--root", root(), "create", "--bundle", bundle(), "c1"}));
      } catch (const Executed&) {
        dprintf(1, "%d", looks);
      } catch (const Error& error) {
        dprintf(1, "%s", error.what());
        code = 1;
      }
      ::kill(owner, SIGKILL);
      ::_exit(code);
    });
  }
  std::size_t files_of_state() {
    std::size_t count = 0;
    for (const char* name : {"ids", "records"}) {
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(environment.state + "/" + name)) {
        if (entry.is_regular_file()) ++count;
      }
    }
    return count;
  }

  pid_t neighbour = 0;
  std::vector<pid_t> started;
};

TEST_F(JoinedNamespaces, NetworkIpcUtsAndPidAreTheOnesThatWereOpened) {
  join("network", file(neighbour, "net"));
  join("ipc", file(neighbour, "ipc"));
  join("uts", file(neighbour, "uts"));
  join("pid", file(neighbour, "pid_for_children"));
  script(
      "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts; "
      "readlink /proc/self/ns/pid");
  std::string expected;
  for (const char* name : {"net", "ipc", "uts", "pid_for_children"}) {
    expected += std::filesystem::read_symlink(file(neighbour, name)).string() + "\n";
  }
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_EQ(outcome.output, expected);
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
}

TEST_F(JoinedNamespaces, AnotherProcessUnderThePathLaterChangesNothing) {
  const std::string name = directory / "name";
  std::filesystem::create_symlink(file(neighbour, "net"), name);
  join("network", name);
  script("readlink /proc/self/ns/net");
  const std::string vetted = std::filesystem::read_symlink(file(neighbour, "net")).string() + "\n";
  const Ended outcome = staged({"run", "--bundle", bundle(), "c1"}, [&] {
    std::filesystem::remove(name);
    std::filesystem::create_symlink("/proc/1/ns/net", name);
  });
  EXPECT_EQ(outcome.output, vetted);
}

TEST_F(JoinedNamespaces, AUserNamespaceIsJoinedWithItsMapping) {
  const pid_t owner = start(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID);
  for (const char* map : {"/uid_map", "/gid_map"}) {
    put("/proc/" + std::to_string(owner) + map, "0 100000 65536\n");
  }
  join("user", file(owner, "user"));
  join("network", file(owner, "net"));
  for (const char* field : {"uidMappings", "gidMappings"}) {
    config["linux"][field] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
  }
  // The container's root walks to the rootfs, and to the state, by name.
  for (const std::string& path : {directory.path().string(), bundle(), root()}) {
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  script("readlink /proc/self/ns/user; readlink /proc/self/ns/net; cat /proc/self/uid_map");
  const Ended outcome = run();
  EXPECT_TRUE(outcome.output.starts_with(
      std::filesystem::read_symlink(file(owner, "user")).string() + "\n" +
      std::filesystem::read_symlink(file(owner, "net")).string() + "\n"))
      << outcome.output;
  EXPECT_NE(outcome.output.find("100000"), std::string::npos) << outcome.output;
}

TEST_F(JoinedNamespaces, ExecEntersThemFromTheHost) {
  join("network", file(neighbour, "net"));
  script("sleep 1000");
  ASSERT_EQ(staged({"run", "--detach", "--bundle", bundle(), "c1"}).code, 0);
  EXPECT_EQ(
      command({"runc", "--root", root(), "exec", "c1", "readlink", "/proc/self/ns/net"}).output,
      std::filesystem::read_symlink(file(neighbour, "net")).string() + "\n");
}

// Its ids may be another container's by then: they are leased first, and it is looked at again.
TEST_F(JoinedNamespaces, AContainerThatEndsWhileItIsJoinedIsNotJoined) {
  const Ended whole = create_joining(0);
  ASSERT_EQ(whole.code, 0) << whole.output;
  const int looks = std::stoi(whole.output);
  ASSERT_GE(looks, 1) << "once its ids are held";
  std::filesystem::remove_all(environment.configuration);
  const Ended outcome = create_joining(looks);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.output, "the container whose namespaces it joins is gone");
  EXPECT_EQ(files_of_state(), 0U);
  Json written = parse_document(text_of(bundle() + "/config.json"));
  EXPECT_EQ(find_array(written, "/linux/uidMappings").size(), 0U) << "the caller's file";
}

}  // namespace
}  // namespace hardened
