// SPDX-License-Identifier: Apache-2.0
// The order of the steps and their faults, with mounts recorded only; tests/root/stage.cpp does it
// for real.
#include "hardened/shell/stage.hpp"

#include <fcntl.h>

#include <algorithm>

#include "fake_kernel.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class Stages : public ::testing::Test {
 protected:
  Stages() {
    environment.state = directory / "state";
    fs::create_directory(directory / "bundle");
    fs::create_directory(directory / "data");
    put(directory / "file", "content");
    put(directory / "bundle/config.json", config.dump());
    bundle = open("bundle");
    seen.objects.emplace("/data", open("data"));
    seen.objects.emplace("relative/file", open("file"));
    seen.objects.emplace("/proc/1/ns/net", open("file"));
  }
  Descriptor open(const std::string& name) {
    return real_kernel().open(kWorkingDirectory, directory / name, O_PATH, Walk::follow);
  }
  Plan plan() const {
    Plan plan;
    plan.config = config;
    plan.operations = mount_operations(config, {}, std::nullopt);
    return plan;
  }
  std::size_t index_of(const std::string& call) const {
    const auto at = std::find(kernel.calls.begin(), kernel.calls.end(), call);
    EXPECT_NE(at, kernel.calls.end()) << call;
    return static_cast<std::size_t>(at - kernel.calls.begin());
  }
  Json staged() { return parse_document(text_of(environment.state + "/stage/config.json")); }

  FakeKernel kernel;
  TemporaryDirectory directory;
  Environment environment;
  Inspection seen;
  Descriptor bundle;
  Json config = parse_document(R"({
    "mounts": [
      {"destination": "/proc", "type": "proc", "source": "proc"},
      {"destination": "/a", "type": "bind", "source": "/data", "options": ["rbind", "ro"]},
      {"destination": "/b", "source": "relative/file", "options": ["bind"]},
      {"destination": "/c", "type": "bind", "source": "/data"}
    ],
    "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"}]},
    "root": {"path": "rootfs"}
  })");
};

TEST_F(Stages, TheRuntimesCopyNamesTheStageAndNothingElseDiffers) {
  const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1");
  Json expected = config;
  expected["mounts"][1]["source"] = environment.state + "/stage/mounts-1-source";
  expected["mounts"][2]["source"] = environment.state + "/stage/mounts-2-source";
  expected["mounts"][3]["source"] = environment.state + "/stage/mounts-3-source";
  expected["linux"]["namespaces"][1]["path"] = environment.state + "/stage/linux-namespaces-1-path";
  EXPECT_EQ(staged().dump(), expected.dump());
  EXPECT_EQ(text_of(directory / "bundle/config.json"), config.dump());
}

TEST_F(Stages, ABindInsideAnotherIsLeftToUsAndTheOtherCarriesIt) {
  config["mounts"].push_back({{"destination", "/c/in"},
                              {"type", "bind"},
                              {"source", "relative/file"},
                              {"options", {"bind", "ro"}}});
  const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1");
  const Json copy = staged();
  ASSERT_EQ(copy.at("mounts").size(), 4U);
  EXPECT_EQ(copy["mounts"][3].at("options"), Json({"rbind"}));
  EXPECT_TRUE(fs::is_regular_file(directory / "data/in")) << "the mount point";
}

TEST_F(Stages, ClonesAreTakenBeforeTheNamespaceIsEnteredAndPlacedAfter) {
  const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1");
  EXPECT_LT(index_of("open_tree recursive"), index_of("open_tree single"));
  EXPECT_LT(index_of("open_tree single"), index_of("unshare_mounts"));
  EXPECT_LT(index_of("unshare_mounts"), index_of("mount "));
  EXPECT_LT(index_of("mount "), index_of("mount tmpfs"));
  EXPECT_LT(index_of("mount tmpfs"), index_of("move_mount mounts-1-source"));
  EXPECT_LT(index_of("move_mount linux-namespaces-1-path"), index_of("move_mount "));
  EXPECT_EQ(std::count(kernel.calls.begin(), kernel.calls.end(), "mount "), 2)
      << "the mount below the stage and the one below the bundle become private";
}

TEST_F(Stages, AKindOfFileGetsAMountPointOfItsKind) {
  const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1");
  EXPECT_TRUE(fs::is_directory(environment.state + "/stage/mounts-1-source"));
  EXPECT_TRUE(fs::is_regular_file(environment.state + "/stage/mounts-2-source"));
  EXPECT_TRUE(fs::is_regular_file(environment.state + "/stage/linux-namespaces-1-path"));
}

TEST_F(Stages, ASourceThatWasNotInspectedIsRefusedBeforeAnythingHappens) {
  seen.objects.erase("/data");
  const Error error = error_of(
      [&] { (void)stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.pointer(), "/mounts/1/source");
  EXPECT_TRUE(kernel.calls.empty());
}

TEST_F(Stages, ANamespaceThatWasNotInspectedIsRefused) {
  seen.objects.erase("/proc/1/ns/net");
  const Error error = error_of(
      [&] { (void)stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.pointer(), "/linux/namespaces/1/path");
}

TEST_F(Stages, ABundleThatIsReplacedMeanwhileIsRefused) {
  kernel.before["unshare_mounts"] = [&] {
    fs::rename(directory / "bundle", directory / "moved");
    fs::create_directory(directory / "bundle");
    put(directory / "bundle/config.json", "{}");
  };
  const Error error = error_of(
      [&] { (void)stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_NE(std::string(error.what()).find("was replaced meanwhile"), std::string::npos);
}

TEST_F(Stages, TheConfigIsUncoveredWhenTheRuntimeCannotBeStarted) {
  { const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1"); }
  EXPECT_EQ(kernel.calls.back(), "unmount");
}

TEST_F(Stages, WithoutRootNothingIsStaged) {
  environment.root = false;
  const auto staging = stage_mounts(kernel, environment, plan(), seen, bundle.number(), "c1");
  EXPECT_TRUE(kernel.calls.empty());
}

TEST_F(Stages, WhateverCallFailsIsToldAndTheBundleIsAsItWas) {
  const auto before = snapshot(directory / "bundle");
  std::size_t failures = 0;
  for (;; ++failures) {
    fs::remove_all(environment.state);
    FakeKernel faulty;
    faulty.fail_at = failures;
    try {
      const auto staging = stage_mounts(faulty, environment, plan(), seen, bundle.number(), "c1");
      break;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::system) << error.what();
      EXPECT_EQ(snapshot(directory / "bundle"), before) << faulty.calls.back();
    }
  }
  EXPECT_GT(failures, 40U);
}

}  // namespace
}  // namespace hardened
