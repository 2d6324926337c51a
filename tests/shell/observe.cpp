// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/observe.hpp"

#include <sys/stat.h>

#include "fake_kernel.hpp"

namespace hardened {
namespace {

// Files are real; what is tried of mounts is tried by root alone, in a namespace of its own.
class Observe : public testing::Test {
 protected:
  Observe() {
    environment_.configuration = directory_ / "configuration";
    environment_.state = directory_ / "state";
    environment_.root = ::geteuid() == 0;
    where_.docker_config = directory_ / "daemon.json";
    where_.docker_socket = directory_ / "socket";
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }

  Observation observed() { return observe(kernel_, environment_, where_); }

  static std::function<void()> failing(int number) {
    return [number] { throw Error::from_errno(number, "by the test"); };
  }

  TemporaryDirectory directory_;
  FakeKernel kernel_{Mounts::real};
  Environment environment_;
  Whereabouts where_;
};

TEST_F(Observe, SettingsAndRuntimesComeFromTheNamedFile) {
  write("hardened", "");
  ::chmod((directory_ / "hardened").c_str(), 0755);
  write("daemon.json", R"({"icc": false, "data-root": ")" + (directory_ / "data") +
                           R"(", "runtimes": {"ours": {"path": ")" + (directory_ / "hardened") +
                           R"("}, "shim": {"runtimeType": "io.containerd.kata.v2"},
                             "plain": {"path": "crun"}}})");
  const EngineSeen engine = observed().engine;
  EXPECT_TRUE(engine.present);
  EXPECT_EQ(engine.error, "");
  EXPECT_EQ(engine.settings.at("icc"), false);
  ASSERT_EQ(engine.runtimes.size(), 3U);
  EXPECT_TRUE(engine.runtimes[0].file.ours);
  EXPECT_EQ(engine.runtimes[0].file.mode, 0755U);
  EXPECT_EQ(engine.runtimes[1].file.sight, Sight::unseen);
  EXPECT_EQ(engine.runtimes[2].file.sight, Sight::unseen);
  ASSERT_TRUE(engine.containers);
  EXPECT_TRUE(engine.containers->empty());
}

TEST_F(Observe, ABrokenConfigurationIsToldAndNoSettingIsBelieved) {
  for (const char* text : {"{", "[]", R"({"icc": false, "icc": true})"}) {
    write("daemon.json", text);
    const EngineSeen engine = observed().engine;
    EXPECT_NE(engine.error, "") << text;
    EXPECT_TRUE(engine.settings.empty()) << text;
  }
}

TEST_F(Observe, AConfigurationThatIsAFifoHoldsNobody) {
  ASSERT_EQ(::mkfifo((directory_ / "daemon.json").c_str(), 0600), 0);
  EXPECT_NE(observed().engine.error.find("not a regular file"), std::string::npos);
}

TEST_F(Observe, CertificatesThatNobodyNamesAreThoseOfRoot) {
  write("daemon.json", R"({"tlsverify": true, "tlscert": ")" + (directory_ / "cert.pem") + R"("})");
  const EngineSeen engine = observed().engine;
  EXPECT_EQ(engine.files.at("tls key").path, "/root/.docker/key.pem");
  EXPECT_EQ(engine.files.at("tls certificate").path, directory_ / "cert.pem");
  write("daemon.json", "{}");
  EXPECT_FALSE(observed().engine.files.contains("tls key"));
}

TEST_F(Observe, AnEmptyConfigurationIsNone) {
  write("daemon.json", "\n");
  EXPECT_EQ(observed().engine.error, "");
}

TEST_F(Observe, AFileThatOthersCanWriteAndADirectoryThatTheyCan) {
  write("socket", "");
  ::chmod((directory_ / "socket").c_str(), 0666);
  ::chmod(directory_.path().c_str(), 0777);
  const FileSeen socket = observed().engine.sockets.at(0);
  EXPECT_EQ(socket.sight, Sight::seen);
  EXPECT_EQ(socket.mode, 0666U);
  EXPECT_EQ(socket.weak_parent, directory_.path());
}

TEST_F(Observe, ContainersAreReadFromTheDataRoot) {
  const std::string data = directory_ / "data/containers/abc";
  std::filesystem::create_directories(data);
  write("daemon.json", R"({"data-root": ")" + (directory_ / "data") + R"("})");
  write("data/containers/abc/config.v2.json", R"({"Name": "/web", "State": {"Running": true}})");
  write("data/containers/abc/hostconfig.json", R"({"Runtime": "runc"})");
  const auto containers = observed().engine.containers;
  ASSERT_TRUE(containers && containers->size() == 1);
  EXPECT_EQ(containers->at(0).name, "web");
  EXPECT_EQ(containers->at(0).runtime, "runc");
  EXPECT_TRUE(containers->at(0).running);

  write("data/containers/abc/hostconfig.json", "{");
  const EngineSeen broken = observed().engine;
  EXPECT_FALSE(broken.containers);
  EXPECT_NE(broken.containers_error, "");
}

TEST_F(Observe, APolicyThatDoesNotLoadIsToldAndTheBuiltInOneStandsForIt) {
  std::filesystem::create_directory(directory_ / "configuration");
  write("configuration/policy.json", "{");
  const Observation seen = observed();
  EXPECT_NE(seen.policy_error, "");
  EXPECT_EQ(seen.policy.default_profile(), "standard");
}

TEST_F(Observe, WhatTheKernelRefusesIsANoAndWhatNobodyMayTryIsNone) {
  kernel_.before["set_attributes id_map"] = failing(EINVAL);
  const Observation seen = observed();
  const Probe probe = seen.features.at("id-mapped-mounts");
  if (environment_.root) {
    EXPECT_EQ(probe.answer, Answer::no);
    EXPECT_NE(probe.detail.find("by the test"), std::string::npos);
    EXPECT_EQ(seen.features.at("id-mapped-overlay").answer, Answer::no);
    EXPECT_EQ(seen.features.at("mount-attributes").answer, Answer::yes);
  } else {
    EXPECT_EQ(probe.answer, Answer::unasked);
  }
}

TEST_F(Observe, WithoutLowerdirPlusTheLayersGoInOneString) {
  if (!environment_.root) GTEST_SKIP() << "only root mounts";
  kernel_.before["configure lowerdir+"] = failing(EINVAL);
  const Observation seen = observed();
  if (seen.features.at("id-mapped-overlay").answer != Answer::yes) {
    GTEST_SKIP() << "this host: " << seen.features.at("id-mapped-overlay").detail;
  }
  EXPECT_EQ(seen.features.at("layer-options").answer, Answer::no);
}

}  // namespace
}  // namespace hardened
