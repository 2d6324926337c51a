// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/facts.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

// Every member of every struct, none with its default: what a listing forgot would not come back.
constexpr std::string_view kEverything = R"({
  "host": {"cgroup_version": 1, "memory_bytes": 18446744073709551615, "cpus": 7,
    "swap_accounting": false, "missing_controllers": ["cpu"], "apparmor": true, "apparmor_profiles": ["a", "b"], "selinux": true,
    "initial_user_namespace": false, "kernel_release": "6.1", "architecture": "SCMP_ARCH_AARCH64",
    "runtime_name": "crun", "runtime_version": "1.28",
    "sensitive": [{"path": "/etc", "identity": {"device": 1, "inode": 2},
                   "location": {"device": "8:1", "path": "/etc"}}],
    "id_range": {"first": 1, "size": 2},
    "resource_limits": {"RLIMIT_CORE": {"soft": 1, "hard": 18446744073709551615}}, "oom_score_adj": -1},
  "root": {"sight": "seen", "path": "/r", "identity": {"device": 3, "inode": 4},
    "location": {"device": "0:5", "path": "/"},
    "parts": [{"path": "/l", "location": {"device": "0:9", "path": "/"}}], "symbolic_links": ["/dev"], "directories": ["/var"],
    "overlay": {"lower": ["/l"], "upper": "/u", "work": "/w", "options": ["xino=off"]},
    "unmappable": "nfs"},
  "sources": {"/s": {"sight": "missing", "kind": "block", "path": "/p",
    "identity": {"device": 5, "inode": 6}, "location": {"device": "0:6", "path": "/l"},
    "owner": 4294967295, "mode": 420, "major": 8, "minor": 9, "replaceable": false,
    "file_system": "ext4", "locked_options": ["ro"],
    "submounts": [{"sight": "seen", "kind": "fifo", "path": "/q",
      "identity": {"device": 7, "inode": 8}, "location": {"device": "0:7", "path": "/m"},
      "owner": 1, "mode": 2, "major": 3, "minor": 4, "replaceable": false, "file_system": "nfs",
      "locked_options": ["nodev"], "submounts": [], "layers": [],
      "overlay": {"lower": [], "upper": "", "work": "", "options": []}, "untouched": false, "unmappable": ""}],
    "layers": [{"path": "/l", "location": {"device": "0:9", "path": "/"}}],
    "overlay": {"lower": ["/l"], "upper": "/u", "work": "/w", "options": ["volatile"]},
    "untouched": true, "unmappable": "nfs"}},
  "destinations": {"/d": {"sight": "seen", "places": ["/e"], "linked": true}},
  "namespaces": {"/n": {"sight": "seen", "type": "network", "identity": {"device": 9, "inode": 10},
    "host": true, "owner": {"device": 11, "inode": 12}, "host_owned": true,
    "owner_path": "/o", "owner_maps": {"users": [{"containerID": 1, "hostID": 2, "size": 3}],
      "groups": [{"containerID": 4, "hostID": 5, "size": 6}]}}},
  "hooks": {"/h": {"sight": "seen", "path": "/usr/bin/dockerd", "owner": 3, "replaceable": false}},
  "devices": {"/dev/x": {"sight": "seen", "kind": "character", "path": "/dev/x",
    "identity": {"device": 1, "inode": 1}, "location": {"device": "0:8", "path": "/x"},
    "owner": 1, "mode": 1, "major": 1, "minor": 1, "replaceable": false, "file_system": "tmpfs",
    "locked_options": ["nosuid"], "submounts": [], "layers": [],
    "overlay": {"lower": [], "upper": "", "work": "", "options": []}, "untouched": false, "unmappable": ""}},
  "cgroup": {"sight": "seen", "occupied": true, "parent_occupied": true},
  "working_directory": {"sight": "seen", "places": ["/w"], "linked": true}
})";

void expect_refused(std::string_view text, std::string_view pointer) {
  try {
    facts_from_json(parse_document(text));
    ADD_FAILURE() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input) << error.what();
    EXPECT_EQ(error.pointer(), pointer) << error.what();
  }
}

TEST(Facts, EveryMemberSurvivesTheWayToJsonAndBack) {
  const Json everything = parse_document(kEverything);
  EXPECT_EQ(to_json(facts_from_json(everything)), everything);
}

TEST(Facts, TheDefaultsSurviveTheWayToJsonAndBack) {
  const Json defaults = to_json(Facts{});
  EXPECT_EQ(to_json(facts_from_json(defaults)), defaults);
  EXPECT_EQ(to_json(facts_from_json(Json::object())), defaults);
}

TEST(Facts, WhatIsLeftOutKeepsItsDefault) {
  const Facts facts = facts_from_json(
      parse_document(R"({"host": {"cpus": 4}, "sources": {"/srv": {"sight": "seen"}}})"));
  EXPECT_EQ(facts.host.cpus, 4U);
  EXPECT_EQ(facts.host.cgroup_version, 2);
  EXPECT_TRUE(facts.host.initial_user_namespace);
  EXPECT_EQ(facts.root.sight, Sight::unseen);
  EXPECT_EQ(facts.sources.at("/srv").sight, Sight::seen);
  EXPECT_TRUE(facts.sources.at("/srv").replaceable);
}

TEST(Facts, UnknownNamesAreRefusedWhereTheyStand) {
  expect_refused(R"({"hosts": {}})", "/hosts");
  expect_refused(R"({"host": {"cpu": 4}})", "/host/cpu");
  expect_refused(R"({"sources": {"/srv/data": {"identity": {"dev": 1}}}})",
                 "/sources/~1srv~1data/identity/dev");
  expect_refused(R"({"host": {"sensitive": [{}, {"inode": 1}]}})", "/host/sensitive/1/inode");
}

TEST(Facts, TheNearestKnownNameIsNamed) {
  try {
    facts_from_json(parse_document(R"({"host": {"kernel_relase": "6.1"}})"));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "/host/kernel_relase: unknown fact; did you mean \"kernel_release\"?");
  }
}

TEST(Facts, WrongTypesAreRefusedWhereTheyStand) {
  expect_refused(R"([])", "");
  expect_refused(R"({"host": null})", "/host");
  expect_refused(R"({"host": {"apparmor": 1}})", "/host/apparmor");
  expect_refused(R"({"host": {"apparmor_profiles": ["a", 1]}})", "/host/apparmor_profiles/1");
  expect_refused(R"({"root": {"directories": "/var"}})", "/root/directories");
  expect_refused(R"({"sources": {"a": {"sight": "blind"}}})", "/sources/a/sight");
  expect_refused(R"({"sources": {"a": {"submounts": [{"kind": 1}]}}})",
                 "/sources/a/submounts/0/kind");
  expect_refused(R"({"hooks": {"h": {"path": false}}})", "/hooks/h/path");
}

TEST(Facts, NumbersOutOfRangeAreRefused) {
  expect_refused(R"({"host": {"cpus": -1}})", "/host/cpus");
  expect_refused(R"({"host": {"cpus": 4294967296}})", "/host/cpus");
  expect_refused(R"({"host": {"cgroup_version": 4294967296}})", "/host/cgroup_version");
  expect_refused(R"({"host": {"memory_bytes": 1.5}})", "/host/memory_bytes");
}

}  // namespace
}  // namespace hardened
