// SPDX-License-Identifier: Apache-2.0
// A container's ids over its rootfs, its mounts and its devices, judged inside the container and on
// the disk.
#include <sys/socket.h>
#include <sys/stat.h>

#include "container.hpp"
#include "hardened/shell/standard_streams.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

constexpr IdRange kRange{1900544000, 65536};

uid_t owner_of(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_uid : static_cast<uid_t>(-1);
}

class IdMapped : public ContainerTest {
 protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // The container's root walks to the stage, as it does below /run.
    ASSERT_EQ(::chmod(directory.path().c_str(), 0711), 0);
    const Json maps = to_json(maps_of(kRange).users);
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    config["linux"]["uidMappings"] = maps;
    config["linux"]["gidMappings"] = maps;
    config["root"]["path"] = bundle() + "/rootfs";
    facts.root.sight = Sight::seen;
    facts.root.path = bundle() + "/rootfs";
  }

  Plan plan() override {
    Plan plan;
    plan.config = config;
    plan.mapping = maps_of(kRange);
    for (const Json& mount : config.at("mounts")) {
      if (mount.at("type") == "bind") facts.sources[mount.at("source")].sight = Sight::seen;
    }
    plan.operations = mount_operations(config, facts, plan.mapping);
    return plan;
  }

  Inspection look() override {
    Inspection seen = ContainerTest::look();
    seen.facts.root.overlay = facts.root.overlay;
    return seen;
  }

  // The rootfs becomes an overlay of that many layers; the program lies in the lowest.
  void make_overlay(int layers) {
    const fs::path base = directory / "layers";
    fs::create_directories(base / "upper");
    fs::create_directories(base / "work");
    for (int layer = layers; layer > 1; --layer) {
      const fs::path path = base / std::to_string(layer);
      fs::create_directories(path / "etc");
      put(path / "etc" / ("layer" + std::to_string(layer)), "");
      facts.root.overlay.lower.push_back(path);
    }
    fs::rename(bundle() + "/rootfs", base / "1");
    fs::create_directories(base / "1/etc");
    fs::create_directories(base / "1/var");
    put(base / "1/etc/secret", "only root\n");
    fs::permissions(base / "1/etc/secret", fs::perms::owner_read);
    facts.root.overlay.lower.push_back(base / "1");
    facts.root.overlay.upper = base / "upper";
    facts.root.overlay.work = base / "work";
    fs::create_directory(bundle() + "/rootfs");
    // By relative names, as engines do: the option string has to fit a page.
    std::string lower;
    for (const std::string& layer : facts.root.overlay.lower) {
      lower += ":" + fs::path(layer).filename().string();
    }
    const std::string options = "lowerdir=" + lower.substr(1) + ",upperdir=upper,workdir=work";
    fs::current_path(base);
    ASSERT_EQ(::mount("o", (bundle() + "/rootfs").c_str(), "overlay", 0, options.c_str()), 0)
        << std::strerror(errno);
    fs::current_path("/");
  }
  void TearDown() override {
    ContainerTest::TearDown();
    if (::geteuid() == 0) ::umount2((bundle() + "/rootfs").c_str(), MNT_DETACH);
  }

  Facts facts;
};

TEST_F(IdMapped, APlainDirectoryBelongsToTheContainersRootAndStaysZeroOnDisk) {
  script("cat /proc/self/uid_map; ls -ln /bin/busybox; echo > /made; ls -ln /made");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("1900544000"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("65534"), std::string::npos) << outcome.output;
  EXPECT_EQ(owner_of(bundle() + "/rootfs/made"), 0U);
}

TEST_F(IdMapped, AnOverlayIsBuiltAnewOverTheSameUpperDirectory) {
  make_overlay(3);
  script("cat /etc/secret; ls /etc; echo changed > /etc/layer2; echo > /new; ls -ln /new");
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("only root"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("layer2\nlayer3"), std::string::npos) << outcome.output;
  EXPECT_EQ(owner_of(directory / "layers/upper/new"), 0U);
  EXPECT_EQ(text_of(directory / "layers/upper/etc/layer2"), "changed\n");
  EXPECT_EQ(text_of(bundle() + "/rootfs/new"), "\n") << "the engine's own overlay sees it";
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
}

TEST_F(IdMapped, AHundredAndTwentyFiveLayersAreNoTrouble) {
  make_overlay(125);
  script("ls /etc");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("layer125\n"), std::string::npos) << outcome.output;
}

class IdMappedByOneString : public IdMapped {
 protected:
  void SetUp() override {
    IdMapped::SetUp();
    older_.before["configure lowerdir+"] = refuse;
    older_.before["mount_as overlay"] = [] { dprintf(1, "in one string\n"); };
  }
  Kernel& kernel() override { return older_; }

  static void refuse() { throw Error::from_errno(EINVAL, "fsconfig"); }
  void expect_one_string();

  FakeKernel older_{Mounts::real};
};

void IdMappedByOneString::expect_one_string() {
  make_overlay(125);
  script("ls /etc; ls -ln /bin/busybox; echo changed > /etc/layer2");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("in one string\n"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("layer125\n"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("65534"), std::string::npos) << outcome.output;
  EXPECT_EQ(text_of(directory / "layers/upper/etc/layer2"), "changed\n");
  EXPECT_EQ(owner_of(directory / "layers/upper/etc/layer2"), 0U);
}

TEST_F(IdMappedByOneString, LayersAreNamedInOneStringWhereTheKernelTakesNoOther) {
  expect_one_string();
}

// Linux 6.1 takes every option and looks at none before the end.
TEST_F(IdMappedByOneString, AlsoWhereTheKernelSaysSoAtTheEnd) {
  older_.before.erase("configure lowerdir+");
  older_.before["create_as " + std::to_string(kRange.first)] = refuse;
  expect_one_string();
}

TEST_F(IdMapped, ARootfsThatIsReadOnlyThroughoutTouchesNothingOfTheEngines) {
  make_overlay(2);
  config["root"]["readonly"] = true;
  fs::create_directory(directory / "data");
  bind(directory / "data", "/made/mount/point", {"rbind"});
  script("cat /etc/secret; ls -ld /made/mount; touch /etc/x 2>&1; touch /made/mount/point/y");
  const Ended outcome = run();
  EXPECT_NE(outcome.output.find("Read-only"), std::string::npos) << outcome.output;
  EXPECT_TRUE(fs::is_empty(directory / "layers/upper"));
  EXPECT_TRUE(fs::is_empty(directory / "layers/work/work"));
  EXPECT_EQ(owner_of(directory / "data/y"), 0U);
}

TEST_F(IdMapped, AStateDirectoryOfTheRootfsIsWrittenWhereTheEngineKeepsIt) {
  make_overlay(2);
  config["root"]["readonly"] = true;
  bind(facts.root.path + "/var", "/var", {"bind", "nosuid", "nodev", "noexec", "rprivate"});
  script("touch /etc/x 2>&1; echo kept > /var/state; cat /proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_NE(outcome.output.find("Read-only"), std::string::npos) << outcome.output;
  EXPECT_EQ(text_of(directory / "layers/upper/var/state"), "kept\n");
  EXPECT_EQ(owner_of(directory / "layers/upper/var/state"), 0U);
}

TEST_F(IdMapped, BindsShowTheContainersIdsAndKeepTheDisksOwn) {
  fs::create_directory(directory / "data");
  put(directory / "data/file", "root's\n");
  fs::permissions(directory / "data/file", fs::perms::owner_read);
  bind(directory / "data", "/vol", {"rbind", "nosuid", "nodev"});
  script("cat /vol/file; echo > /vol/new; ls -ln /vol");
  const Ended outcome = run();
  EXPECT_NE(outcome.output.find("root's"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("65534"), std::string::npos) << outcome.output;
  EXPECT_EQ(owner_of(directory / "data/new"), 0U);
}

TEST_F(IdMapped, ADeviceOfAnotherNameIsTheOneThatWasAskedFor) {
  config["linux"]["devices"] = Json::array({Json::object({{"path", "/dev/nothing"},
                                                          {"type", "c"},
                                                          {"major", 1},
                                                          {"minor", 3},
                                                          {"fileMode", 0640},
                                                          {"uid", 0},
                                                          {"gid", 8}})});
  script("ls -ln /dev/nothing; echo lost > /dev/nothing && echo written");
  const Ended outcome = run();
  EXPECT_NE(outcome.output.find("written"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("crw-r-----"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find(" 8 "), std::string::npos) << outcome.output;
}

TEST_F(IdMapped, AFileSystemThatTakesNoIdMapIsNamed) {
  make_overlay(2);
  bind(facts.root.path, "/vol", {"rbind", "nosuid", "nodev"});
  facts.root.path += "/none";  // so that the bind is no part of the rootfs
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 99);
  EXPECT_NE(outcome.output.find("/mounts/3/source"), std::string::npos) << outcome.output;
}

TEST_F(IdMapped, NoWorkDirectoryIsLeftWhereTheRuntimeIsNeverReached) {
  make_overlay(2);
  write_config();
  const Ended outcome = in_child([&] {
    Bundle held = Bundle::open(real_kernel(), bundle());
    const auto staging =
        stage_mounts(real_kernel(), environment, plan(), look(), held.directory(), "c1");
    EXPECT_TRUE(fs::exists(directory / "layers/hardened-c1"));
  });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_FALSE(fs::exists(directory / "layers/hardened-c1"));
}

TEST_F(IdMapped, PipesOfTheStandardStreamsBelongToTheContainer) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Ended outcome = in_child([&] {
    ::dup2(ends[1], STDOUT_FILENO);
    struct stat status {};
    {
      const StandardStreams streams(real_kernel(), maps_of(kRange));
      ::fstat(STDOUT_FILENO, &status);
      if (status.st_uid != kRange.first) ::_exit(1);
      ::fstat(STDERR_FILENO, &status);
      if (status.st_uid != 0) ::_exit(2);  // a file
    }
    ::fstat(STDOUT_FILENO, &status);
    if (status.st_uid != 0) ::_exit(3);
  });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(IdMapped, ASocketIsGivenAndAFifoWithANameStaysWhoseItIs) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const Ended outcome = in_child([&] {
    ::dup2(ends[1], STDIN_FILENO);
    ::dup2(::open(fifo.c_str(), O_RDWR | O_CLOEXEC), STDOUT_FILENO);
    const StandardStreams streams(real_kernel(), maps_of(kRange));
    struct stat status {};
    ::fstat(STDIN_FILENO, &status);
    if (status.st_uid != kRange.first) ::_exit(1);
    ::fstat(STDOUT_FILENO, &status);
    if (status.st_uid != 0) ::_exit(2);
  });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace hardened
