// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/ceiling.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max cpu time              unlimited            unlimited            seconds   \n"
    "Max file size             unlimited            unlimited            bytes     \n"
    "Max data size             unlimited            unlimited            bytes     \n"
    "Max stack size            8388608              unlimited            bytes     \n"
    "Max core file size        unlimited            unlimited            bytes     \n"
    "Max resident set          unlimited            unlimited            bytes     \n"
    "Max processes             unlimited            unlimited            processes \n"
    "Max open files            1024                 2048                 files     \n"
    "Max locked memory         8388608              8388608              bytes     \n"
    "Max address space         unlimited            unlimited            bytes     \n"
    "Max file locks            unlimited            unlimited            locks     \n"
    "Max pending signals       63451                63451                signals   \n"
    "Max msgqueue size         819200               819200               bytes     \n"
    "Max nice priority         0                    0                    \n"
    "Max realtime priority     0                    0                    \n"
    "Max realtime timeout      unlimited            unlimited            us        \n";

// Docker's fourteen capabilities.
InitStatus init() {
  return {
      "Name:\tnginx\nCapInh:\t0000000000000001\nCapEff:\t0000000000000000\nCapAmb:"
      "\t0000000000000000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\n",
      "         0     200000      65536\n",
      "         0     200000      65536\n",
      kLimits,
      "docker-default (enforce)\n",
      "",
      "-500\n"};
}

Profile standard() { return Policy::builtin().profile("standard"); }

void expect_refused(const InitStatus& status, const std::string& text) {
  try {
    ceiling_of(status, standard());
    ADD_FAILURE() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(error.pointer(), "");
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Ceiling, OfAConfigIsWhatTheConfigSays) {
  const Json config =
      Json::parse(R"({"process": {"noNewPrivileges": true, "apparmorProfile": "p", "oomScoreAdj": 7,
      "capabilities": {"bounding": ["CAP_KILL"], "inheritable": ["CAP_KILL"]}, "rlimits": [{"type": "RLIMIT_CORE", "hard": 0, "soft": 0}]},
      "linux": {"uidMappings": [{"containerID": 0, "hostID": 1, "size": 2}]}})");
  const Json ceiling = ceiling_of(config, standard()).json;
  EXPECT_EQ(ceiling.at("capabilities"), Json({"CAP_KILL"}));
  EXPECT_EQ(ceiling.at("inheritable"), Json({"CAP_KILL"}));
  EXPECT_EQ(ceiling.at("ambient"), Json::array());
  EXPECT_EQ(ceiling.at("noNewPrivileges"), true);
  EXPECT_EQ(ceiling.at("apparmorProfile"), "p");
  EXPECT_FALSE(ceiling.contains("selinuxLabel"));
  EXPECT_EQ(ceiling.at("oomScoreAdj"), 7);
  EXPECT_EQ(ceiling.at("rlimits"), config.at("process").at("rlimits"));
  EXPECT_EQ(ceiling.at("uidMappings"), config.at("linux").at("uidMappings"));
  EXPECT_EQ(ceiling.at("gidMappings"), Json::array());
  EXPECT_EQ(ceiling.at("enforced").size(), 7U);
  EXPECT_EQ(ceiling.at("ioPriority"), "refuse");
  EXPECT_EQ(ceiling.at("unlistedFields"), "keep");
  EXPECT_EQ(ceiling_of(config, Policy::builtin().profile("strict")).json.at("unlistedFields"),
            "refuse");
}

TEST(Ceiling, OfAnEmptyConfigHasNoCapabilities) {
  EXPECT_EQ(ceiling_of(Json::object(), standard()).json.at("capabilities"), Json::array());
}

TEST(Ceiling, OfAnUnrecordedContainerIsItsInitWithinTheProfile) {
  const Json ceiling = ceiling_of(init(), standard()).json;
  Json capabilities = ceiling.at("capabilities");
  std::sort(capabilities.begin(), capabilities.end());
  EXPECT_EQ(capabilities, Json({"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
                                "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"}));
  EXPECT_EQ(ceiling.at("noNewPrivileges"), true);
  EXPECT_EQ(ceiling.at("apparmorProfile"), "docker-default");
  EXPECT_FALSE(ceiling.contains("selinuxLabel"));
  EXPECT_EQ(ceiling.at("oomScoreAdj"), 0);
  EXPECT_EQ(ceiling.at("uidMappings"),
            Json::parse(R"([{"containerID": 0, "hostID": 200000, "size": 65536}])"));
}

TEST(Ceiling, OfAnUnrecordedContainerHasItsLimitsWithinTheProfile) {
  const Json rlimits = ceiling_of(init(), standard()).json.at("rlimits");
  EXPECT_EQ(rlimits.size(), 16U);
  const auto hard = [&](const std::string& type) {
    const auto found = std::find_if(rlimits.begin(), rlimits.end(),
                                    [&](const Json& rlimit) { return rlimit.at("type") == type; });
    return found->at("hard").get<std::uint64_t>();
  };
  EXPECT_EQ(hard("RLIMIT_CORE"), 0U);
  EXPECT_EQ(hard("RLIMIT_NPROC"), 65536U);
  EXPECT_EQ(hard("RLIMIT_NOFILE"), 2048U);
  EXPECT_EQ(hard("RLIMIT_AS"), UINT64_MAX);
}

TEST(Ceiling, AnUnconfinedInitHasNoProfile) {
  InitStatus status = init();
  for (const std::string& label :
       {std::string("unconfined\n"), std::string(), std::string("unconfined\0", 11)}) {
    status.apparmor_label = label;
    EXPECT_FALSE(ceiling_of(status, standard()).json.contains("apparmorProfile"));
  }
  status.apparmor_label = "docker-default (enforce)\n";
  status.selinux_label =
      status.apparmor_label;  // the kernel shows the one there is under both names
  EXPECT_FALSE(ceiling_of(status, standard()).json.contains("selinuxLabel"));
  status.apparmor_label = "";
  status.selinux_label = std::string("system_u:system_r:container_t:s0\0", 33);
  EXPECT_EQ(ceiling_of(status, standard()).json.at("selinuxLabel"),
            "system_u:system_r:container_t:s0");
}

TEST(Ceiling, WhatInitDoesNotShowIsRefused) {
  InitStatus status = init();
  status.status = "Name:\tx\nNoNewPrivs:\t0\n";
  expect_refused(status, "CapBnd");
  status = init();
  status.status = "CapBnd:\tzz\nNoNewPrivs:\t0\n";
  expect_refused(status, "CapBnd");
  status = init();
  status.uid_map = "";
  expect_refused(status, "uid_map");
  status = init();
  status.gid_map = "0 x 1\n";
  expect_refused(status, "gid_map");
  status = init();
  status.limits = "";
  expect_refused(status, "limits");
  status = init();
  status.oom_score_adj = "";
  expect_refused(status, "oom_score_adj");
}

}  // namespace
}  // namespace hardened
