// SPDX-License-Identifier: Apache-2.0
// The rules on mounts, devices, namespaces, hooks and the rootfs over what real engines wrote, with
// nothing to look at: ordinary documents pass, and a second pass finds nothing left to do.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

Json captured(const std::string& name) {
  return document_of(below_tests("corpus/config/" + name + ".json"));
}

Plan plan_of(const Json& document) {
  const Profile profile = Policy::builtin().profile("standard");
  const Facts facts;
  Plan plan;
  plan.config = document;
  for (const std::string_view wanted :
       {"rootfs-shape", "hooks", "host-namespaces", "devices", "read-only-rootfs", "mounts"}) {
    const auto rule = std::find_if(catalogue().begin(), catalogue().end(),
                                   [&](const Rule& each) { return each.name == wanted; });
    if (rule == catalogue().end())
      throw std::runtime_error(std::string(wanted) + " is not in the catalogue");
    apply_rule(*rule, plan, {document, profile, profile.settings(wanted), facts, ""});
  }
  return plan;
}

// The pointers that are refused, without doubles.
std::vector<std::string> refused(const std::string& name) {
  std::vector<std::string> pointers;
  for (const Refusal& refusal : plan_of(captured(name)).refusals) {
    pointers.push_back(refusal.rule + ":" + refusal.pointer);
  }
  std::sort(pointers.begin(), pointers.end());
  return pointers;
}

using Pointers = std::vector<std::string>;

TEST(CapturedDocuments, APropagationThatNoRuntimeKnowsIsRefused) {
  Json document = captured("docker28-default");
  for (const char* known : {"", "rslave", "runbindable", "private"}) {
    document["linux"]["rootfsPropagation"] = known;
    EXPECT_NO_THROW(plan_of(document)) << known;
  }
  for (const char* unknown : {"x", "Private", "rprivate,nosuid"}) {
    document["linux"]["rootfsPropagation"] = unknown;
    try {
      plan_of(document);
      ADD_FAILURE() << unknown;
    } catch (const Error& error) {
      EXPECT_EQ(error.pointer(), "/linux/rootfsPropagation");
    }
  }
}

TEST(CapturedDocuments, OrdinaryOnesAreNotRefused) {
  for (const char* name : {"ctr-readonly",          "ctr-run",
                           "docker20-default",      "docker28-bind",
                           "docker28-cap-add",      "docker28-cgroupns-host",
                           "docker28-container-ns", "docker28-container-ns-2",
                           "docker28-default",      "docker28-exec",
                           "docker28-groupadd",     "docker28-init-tty",
                           "docker28-limits",       "docker28-misc",
                           "docker28-sysctl",       "docker28-tmpfs",
                           "docker28-unconfined",   "docker28-userns-host",
                           "docker28-userns-remap", "docker28-volume",
                           "podman-default",        "podman-exec"}) {
    EXPECT_EQ(refused(name), Pointers{}) << name;
  }
}

TEST(CapturedDocuments, ReachesForTheHostAreRefusedWhereTheyAre) {
  const std::map<std::string, Pointers> expected{
      {"docker28-sock", {"mounts:/mounts/16/source"}},
      {"docker28-etc", {"mounts:/mounts/13/source"}},
      {"docker28-device", {"devices:/linux/devices/0", "devices:/linux/resources/devices/16"}},
      {"docker28-net-host", {"host-namespaces:/linux/namespaces"}},
      {"docker28-pid-host", {"host-namespaces:/linux/namespaces"}},
      {"docker28-uts-host", {"host-namespaces:/linux/namespaces"}},
      {"ctr-privileged",
       {"host-namespaces:/linux/namespaces", "mounts:/mounts/12/source",
        "mounts:/mounts/13/source"}}};
  for (const auto& [name, pointers] : expected) EXPECT_EQ(refused(name), pointers) << name;
}

TEST(CapturedDocuments, PrivilegeIsTrimmedForTheRuleThatRefusesIt) {
  for (const char* name : {"docker28-privileged", "podman-privileged"}) {
    const Json document = captured(name);
    const Plan plan = plan_of(document);
    EXPECT_TRUE(plan.refusals.empty()) << name;
    const Json& nodes = find_array(plan.config, "/linux/devices");
    EXPECT_LT(nodes.size(), find_array(document, "/linux/devices").size()) << name;
    for (const Json& node : nodes) {
      EXPECT_TRUE(node.at("type") == "c" && (node.at("major") == 1 || node.at("major") == 5))
          << name << node;
    }
    for (const Json& rule : find_array(plan.config, "/linux/resources/devices")) {
      EXPECT_TRUE(!rule.at("allow").get<bool>() || rule.contains("major")) << name << rule;
    }
  }
}

TEST(CapturedDocuments, ASecondPassChangesNothing) {
  for (const char* name :
       {"ctr-privileged", "ctr-run", "docker20-default", "docker28-bind", "docker28-container-ns",
        "docker28-init-tty", "docker28-privileged", "docker28-tmpfs", "docker28-userns-remap",
        "docker28-volume", "podman-default", "podman-privileged"}) {
    const Plan first = plan_of(captured(name));
    EXPECT_FALSE(first.changes.empty()) << name;
    const Plan second = plan_of(first.config);
    EXPECT_EQ(second.config, first.config) << name << Json::diff(first.config, second.config);
    EXPECT_TRUE(second.changes.empty()) << name;
  }
}

TEST(CapturedDocuments, EveryBindEndsWithoutSetUserIdAndDevices) {
  for (const char* name :
       {"docker28-volume", "docker28-bind", "podman-default", "docker20-default"}) {
    const Plan plan = plan_of(captured(name));
    for (const Json& mount : find_array(plan.config, "/mounts")) {
      if (mount.at("type") != "bind") continue;
      const std::vector<std::string> options = find_strings(mount, "/options");
      EXPECT_EQ(std::count(options.begin(), options.end(), "nosuid"), 1) << name << mount;
      EXPECT_EQ(std::count(options.begin(), options.end(), "nodev"), 1) << name << mount;
    }
  }
}

}  // namespace
}  // namespace hardened
