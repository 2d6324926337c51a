// SPDX-License-Identifier: Apache-2.0
// What inspection says of a document's rootfs, namespaces, hooks and devices, and of the host.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "inspect_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr std::string_view kRootOnly = R"({"root": {"path": "rootfs"}})";

NamespaceFact namespace_fact(const Inspection& seen, const std::string& path) {
  return seen.facts.namespaces.at(path);
}

std::string joining(const std::string& path) {
  return R"({"linux": {"namespaces": [{"type": "network", "path": ")" + path + "\"}]}}";
}

std::string with_hook(const std::string& path) {
  return R"({"hooks": {"prestart": [{"path": ")" + path + "\"}]}}";
}

TEST_F(Inspect, LinksForTheRuntimesOwnMountPointsAreFound) {
  fs::create_directory(bundle_.path() / "rootfs/dev");
  fs::create_symlink("/etc", bundle_.path() / "rootfs/proc");
  fs::create_symlink("dangling", bundle_.path() / "rootfs/sys");
  const RootFact root = look(std::string(kRootOnly)).facts.root;
  EXPECT_EQ(root.sight, Sight::seen);
  EXPECT_EQ(root.path, bundle_ / "rootfs");
  EXPECT_EQ(root.identity, identity_of(bundle_ / "rootfs"));
  EXPECT_EQ(root.symbolic_links, (Strings{"/proc", "/sys"}));
}

TEST_F(Inspect, AStateDirectoryOfTheImageIsHeldAndALinkIsNot) {
  fs::create_directory(bundle_.path() / "rootfs/var");
  fs::create_symlink("/etc", bundle_.path() / "rootfs/srv");
  fs::create_symlink("var", bundle_.path() / "rootfs/run");
  fs::create_symlink("/usr", bundle_.path() / "rootfs/usr");
  put(bundle_ / "rootfs/home", "a file");
  const Inspection seen = look(std::string(kRootOnly));
  EXPECT_EQ(seen.facts.root.directories, Strings{"/var"});
  const std::string key = bundle_ / "rootfs/var";
  ASSERT_EQ(seen.objects.size(), 2U);
  EXPECT_EQ(identity_of("/proc/self/fd/" + std::to_string(seen.objects.at(key).number())),
            identity_of(key));
  EXPECT_EQ(seen.facts.sources.at(key).identity, identity_of(key));
  EXPECT_EQ(seen.facts.sources.at(key).kind, FileKind::directory);
}

TEST_F(Inspect, AStateDirectoryIsHeldUnderTheCanonicalNameOfTheRootfs) {
  fs::create_directory(bundle_.path() / "rootfs/var");
  fs::create_symlink("rootfs", bundle_.path() / "link");
  const Inspection seen = look(R"({"root": {"path": "link"}})");
  EXPECT_EQ(seen.facts.root.path, bundle_ / "rootfs");
  EXPECT_TRUE(seen.objects.contains(bundle_ / "rootfs/var"));
}

TEST_F(Inspect, AMountOfTheUsersDoesNotReplaceAStateDirectory) {
  const std::string var = bundle_ / "rootfs/var";
  fs::create_directory(var);
  // After the image's directory was opened, something else stands there.
  kernel_.before["open " + var] = [&] {
    fs::remove(var);
    fs::create_symlink("/etc", var);
  };
  const Inspection seen = look(
      R"({"root": {"path": "rootfs"}, "mounts": [{"type": "bind", "source": ")" + var + "\"}]}",
      Looking::as_far_as_possible);
  EXPECT_EQ(seen.objects.size(), 2U);
  EXPECT_NE(identity_of("/proc/self/fd/" + std::to_string(seen.objects.at(var).number())),
            identity_of("/etc"));
}

TEST_F(Inspect, AMissingRootfsIsMissingForCreateAndUnseenForDryRun) {
  const std::string text = R"({"root": {"path": "nowhere"}})";
  EXPECT_EQ(look(text).facts.root.sight, Sight::missing);
  EXPECT_EQ(look(text, Looking::as_far_as_possible).facts.root.sight, Sight::unseen);
  EXPECT_EQ(look("{}").facts.root.sight, Sight::missing);
}

TEST_F(Inspect, OurOwnNamespaceIsTheHosts) {
  const std::string path = "/proc/self/ns/net";
  const Inspection seen = look(joining(path));
  EXPECT_EQ(namespace_fact(seen, path).sight, Sight::seen);
  EXPECT_EQ(namespace_fact(seen, path).type, "network");
  EXPECT_TRUE(namespace_fact(seen, path).host);
  EXPECT_TRUE(namespace_fact(seen, path).host_owned);
  EXPECT_EQ(namespace_fact(seen, path).owner, identity_of("/proc/self/ns/user"));
  EXPECT_TRUE(seen.objects.contains(path));
}

TEST_F(Inspect, ANamespaceIsWhatTheFileIsNotWhatTheDocumentCallsIt) {
  EXPECT_EQ(namespace_fact(look(joining("/proc/self/ns/mnt")), "/proc/self/ns/mnt").type, "mount");
  EXPECT_EQ(namespace_fact(look(joining("/dev/null")), "/dev/null").type, "");
}

TEST_F(Inspect, ANamespaceOfAnotherUserNamespaceIsNotTheHosts) {
  NEEDS_ROOT();
  const OtherProcess network([] { return ::unshare(CLONE_NEWNET) == 0; });
  const OtherProcess user([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0; });
  const NamespaceFact foreign =
      namespace_fact(look(joining(network.proc("ns/net"))), network.proc("ns/net"));
  EXPECT_FALSE(foreign.host);
  EXPECT_TRUE(foreign.host_owned);
  const NamespaceFact owned =
      namespace_fact(look(joining(user.proc("ns/net"))), user.proc("ns/net"));
  EXPECT_FALSE(owned.host);
  EXPECT_FALSE(owned.host_owned);
  EXPECT_EQ(owned.owner, identity_of(user.proc("ns/user")));
}

TEST_F(Inspect, AProcessThatIsGoneHasNoNamespace) {
  const std::string path = "/proc/4194305/ns/net";  // above the kernel's largest pid
  EXPECT_EQ(namespace_fact(look(joining(path)), path).sight, Sight::missing);
}

TEST_F(Inspect, AHookIsTheExecutableThatItsNamePointsTo) {
  const ExecutableFact fact = look(with_hook("/proc/self/exe")).facts.hooks.at("/proc/self/exe");
  EXPECT_EQ(fact.sight, Sight::seen);
  EXPECT_EQ(fact.path, fs::canonical("/proc/self/exe"));
}

TEST_F(Inspect, AHookIsJudgedWithTheDirectoriesThatHoldIt) {
  NEEDS_ROOT();
  const std::string directory = bundle_ / "bin";
  fs::create_directory(directory);
  put(directory + "/hook", "x");
  const auto fact = [&] {
    return look(with_hook(directory + "/hook")).facts.hooks.at(directory + "/hook");
  };
  EXPECT_FALSE(fact().replaceable);
  ASSERT_EQ(::chown(directory.c_str(), 1000, 1000), 0);
  EXPECT_TRUE(fact().replaceable);
  ASSERT_EQ(::chown((directory + "/hook").c_str(), 1000, 1000), 0);
  EXPECT_EQ(fact().owner, 1000U);
}

TEST_F(Inspect, AnExecutableThatWasReplacedMeanwhileKeepsItsLastName) {
  NEEDS_ROOT();
  const std::string program = bundle_ / "daemon";
  put(program, "old");
  const Descriptor running(::open(program.c_str(), O_PATH | O_CLOEXEC));
  fs::remove(program);
  put(program, "new");
  const std::string path = "/proc/self/fd/" + std::to_string(running.number());
  const ExecutableFact fact = look(with_hook(path)).facts.hooks.at(path);
  EXPECT_EQ(fact.path, program);
  EXPECT_FALSE(fact.replaceable);
}

// /proc/PID/exe of a container shows the container's own name for the file.
TEST_F(Inspect, AnExecutableOfAnotherMountNamespaceIsReplaceableWhateverItIsCalled) {
  NEEDS_ROOT();
  const std::string bin = bundle_ / "bin";
  fs::create_directory(bin);
  put(bin + "/dockerd", "the host's");
  const OtherProcess container([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", bin.c_str(), "tmpfs", 0, nullptr) != 0) {
      return false;
    }
    put(bin + "/dockerd", "the container's");
    return ::chdir(bin.c_str()) == 0;
  });
  const std::string path = container.proc("cwd/dockerd");
  const ExecutableFact fact = look(with_hook(path)).facts.hooks.at(path);
  EXPECT_EQ(fact.owner, 0U);
  EXPECT_TRUE(fact.replaceable);
}

TEST_F(Inspect, ADeviceIsFoundByItsNumberUnderTheHostsName) {
  const Facts facts = look(R"({"linux": {"devices": [
    {"path": "/dev/harmless", "type": "c", "major": 1, "minor": 3},
    {"path": "/dev/zero", "type": "c", "major": 4095, "minor": 7},
    {"path": "/dev/pipe", "type": "p"}]}})")
                          .facts;
  EXPECT_EQ(facts.devices.at("/dev/harmless").path, "/dev/null");
  EXPECT_EQ(facts.devices.at("/dev/harmless").kind, FileKind::character);
  EXPECT_EQ(facts.devices.at("/dev/zero").sight, Sight::missing);
  EXPECT_FALSE(facts.devices.contains("/dev/pipe"));
}

TEST_F(Inspect, TheHostIsWhatTheKernelSays) {
  const HostFacts host = inspect_host(kernel_, profile_);
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  EXPECT_EQ(host.kernel_release, names.release);
  EXPECT_EQ(host.cpus, static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_EQ(host.memory_bytes, static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                                   static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(host.cgroup_version, fs::exists("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1);
  const auto root = std::find_if(host.sensitive.begin(), host.sensitive.end(),
                                 [](const SensitivePath& entry) { return entry.path == "/"; });
  ASSERT_NE(root, host.sensitive.end());
  EXPECT_EQ(root->identity, identity_of("/"));
}

TEST_F(Inspect, AUserNamespaceThatMapsEveryIdOntoItselfIsNotTheInitialOne) {
  NEEDS_ROOT();
  const FileIdentity initial = identity_of("/proc/self/ns/user");
  if (initial.inode != 0xEFFFFFFDU) GTEST_SKIP() << "this host: needs the initial user namespace";
  EXPECT_TRUE(inspect_host(kernel_, profile_).initial_user_namespace);
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char mapped = 0;
    const bool ready = ::unshare(CLONE_NEWUSER) == 0 && ::kill(::getpid(), SIGSTOP) == 0 &&
                       ::read(gate[0], &mapped, 1) == 1;
    ::_exit(ready && !inspect_host(kernel_, profile_).initial_user_namespace ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  put("/proc/" + std::to_string(child) + "/uid_map", "0 0 4294967295");
  EXPECT_NE(text_of("/proc/" + std::to_string(child) + "/uid_map").find("4294967295"),
            std::string::npos);
  ASSERT_EQ(::write(gate[1], "m", 1), 1);
  ASSERT_EQ(::kill(child, SIGCONT), 0);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(gate[0]);
  ::close(gate[1]);
}

}  // namespace
}  // namespace hardened
