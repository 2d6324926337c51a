// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hardened/core/containerd_configuration.hpp"
#include "hardened/core/drop_ins.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr std::string_view kLink = "/usr/bin/hardened-pod";

TEST(ConfigureCrio, ADropInNamesTheRuntime) {
  EXPECT_EQ(crio_drop_in(kLink, false), std::string(kMadeByConfigure) + R"(

[crio.runtime.runtimes.hardened]
runtime_path = "/usr/bin/hardened-pod"
runtime_type = "oci"
runtime_root = "/run/runc"
)");
  EXPECT_NE(crio_drop_in(kLink, true).find("[crio.runtime]\ndefault_runtime = \"hardened\"\n"),
            std::string::npos);
}

TEST(ConfigurePodman, ADropInNamesTheRuntimeAndEveryOneThatTakesJson) {
  EXPECT_EQ(podman_drop_in(kLink, {"crun", "hardened"}, true), std::string(kMadeByConfigure) + R"(

[engine]
runtime = "hardened"
runtime_supports_json = ["crun", "hardened"]

[engine.runtimes]
hardened = ["/usr/bin/hardened-pod"]
)");
}

TEST(ConfigurePodman, NamesOfTheFilesBeforeOursStayInTheList) {
  const std::vector<std::string> names = podman_supports_json(
      {"# runtime_supports_json = [\"commented\"]\n",
       "[engine]\nruntime_supports_json = [\n  \"mine\", # why\n  \"other\",\n]\nx = [\"not\"]\n"});
  EXPECT_EQ(names,
            (std::vector<std::string>{"crun", "runc", "kata", "runsc", "youki", "krun", "ocijail",
                                      "mine", "other", "hardened", "hardened-pod"}));
}

constexpr std::string_view kDebian = R"(version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
)";

TEST(ConfigureContainerd, ABlockAtTheEndOfAFileThatNamesNoRuntime) {
  ContainerdFacts facts;
  facts.systemd_cgroup = true;
  EXPECT_EQ(containerd_with_block(kDebian, kLink, facts, true),
            std::string(kDebian) + std::string(kMadeByConfigure) + R"(
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "hardened"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hardened]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hardened.options]
    BinaryName = "/usr/bin/hardened-pod"
    SystemdCgroup = true
# End of what `hardened configure` made.
)");
}

constexpr std::string_view kWithDefault = R"(version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "kata" # fast
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
    runtime_type = "io.containerd.kata.v2"
)";

TEST(ConfigureContainerd, ADefaultThatIsThereIsReplacedAndKept) {
  const auto facts = containerd_facts("", kWithDefault);
  EXPECT_TRUE(facts.has_runtimes);
  const std::string text = containerd_with_block(kWithDefault, kLink, facts, true);
  EXPECT_NE(text.find("\n# hardened configure, before:   default_runtime_name = \"kata\" # fast\n"
                      "default_runtime_name = \"hardened\"\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("runtimes.runc"), std::string::npos);
  EXPECT_EQ(containerd_without_block(text), kWithDefault);
}

TEST(ConfigureContainerd, ASecondRunChangesNothingAndTakenOutItIsAsItWas) {
  const std::string table_only =
      "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  snapshotter = \"x\"\n";
  for (const std::string& before : {std::string(kDebian), std::string(kWithDefault), table_only}) {
    for (const bool as_default : {false, true}) {
      const auto facts = containerd_facts("", before);
      const std::string once = containerd_with_block(before, kLink, facts, as_default);
      EXPECT_EQ(containerd_with_block(once, kLink, facts, as_default), once);
      EXPECT_EQ(containerd_without_block(once), before);
    }
  }
}

TEST(ConfigureContainerd, ADefaultOfTheAdministratorsDoesNotOutliveTheRuntime) {
  EXPECT_EQ(containerd_without_block("[a]\n  default_runtime_name = 'hardened'\n"),
            "[a]\n  default_runtime_name = \"runc\"\n");
}

TEST(ConfigureContainerd, AnotherVersionIsRefused) {
  for (const std::string_view text : {"", "version = 1\n", "[plugins]\nversion = 2\n"}) {
    EXPECT_THROW(containerd_with_block(text, kLink, {}, false), Error) << text;
  }
}

TEST(ConfigureContainerd, TheDropInOf2) {
  ContainerdFacts facts;
  facts.version = 3;
  facts.has_runtimes = true;
  EXPECT_EQ(containerd_drop_in(kLink, facts, true), std::string(kMadeByConfigure) + R"(
version = 3

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "hardened"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.hardened]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.hardened.options]
    BinaryName = "/usr/bin/hardened-pod"
    SystemdCgroup = false
)");
}

TEST(ConfigureContainerd, TheDropInHasTheVersionOfTheMainFile) {
  const auto drop_in = [](std::string_view main) {
    return containerd_drop_in(kLink, containerd_facts("", main), true);
  };
  const std::string second = drop_in("# a comment\nversion = 2 # of Debian\n[grpc]\nversion = 9\n");
  EXPECT_NE(second.find("\nversion = 2\n"), std::string::npos) << second;
  EXPECT_NE(second.find("[plugins.\"io.containerd.grpc.v1.cri\".containerd]"), std::string::npos);
  EXPECT_EQ(second.find("io.containerd.cri.v1.runtime"), std::string::npos) << second;
  const std::string fourth = drop_in("version = 4\n");
  EXPECT_NE(fourth.find("\nversion = 3\n"), std::string::npos) << fourth;
  EXPECT_NE(fourth.find("[plugins.\"io.containerd.cri.v1.runtime\".containerd]"),
            std::string::npos);
  for (const char* main : {"", "version = 1\n", "[grpc]\nversion = 3\n"}) {
    EXPECT_THROW(drop_in(main), Error) << main;
  }
}

TEST(ConfigureContainerd, AnImportIsAddedBehindTheVersionOrRefusedBesideOthers) {
  const std::string_view pattern = "/etc/containerd/conf.d/*.toml";
  EXPECT_EQ(containerd_with_import("version = 3\n[grpc]\n", pattern),
            "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n[grpc]\n");
  const std::string has = "imports = [\"/a\", \"/etc/containerd/conf.d/*.toml\"]\n";
  EXPECT_EQ(containerd_with_import(has, pattern), has);
  EXPECT_THROW(containerd_with_import("imports = [\"/a\"]\n", pattern), Error);
}

TEST(ConfigureContainerd, WhatTheDumpSays) {
  const auto facts = containerd_facts(R"(
      default_runtime_name = "runc"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hardened]
          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hardened.options]
            BinaryName = "/usr/bin/hardened-pod"
        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
            SystemdCgroup = true
)",
                                      "");
  EXPECT_EQ(facts.default_runtime, "runc");
  EXPECT_EQ(facts.hardened_binary, kLink);
  EXPECT_TRUE(facts.systemd_cgroup);
  EXPECT_FALSE(facts.has_runtimes);
}

TEST(ConfigureContainerd, WhichVersionsMerge) {
  EXPECT_EQ(containerd_merge("containerd github.com/containerd/containerd 1.6.20~ds1 x"),
            ContainerdMerge::replaces_sections);
  EXPECT_EQ(containerd_merge("containerd github.com/containerd/containerd/v2 v2.1.0 x"),
            ContainerdMerge::deep);
  EXPECT_THROW(containerd_merge("containerd github.com/containerd/containerd 1.5.9 x"), Error);
  EXPECT_THROW(containerd_merge("nothing"), Error);
}

}  // namespace
}  // namespace hardened
