// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_operations.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"

namespace hardened {
namespace {

class MountOperations : public testing::Test {
 protected:
  MountOperations() {
    facts_.root.sight = Sight::seen;
    facts_.root.path = "/r/merged";
  }

  SourceFact& source(const std::string& name) {
    SourceFact& fact = facts_.sources[name];
    fact.sight = Sight::seen;
    fact.path = name;
    return fact;
  }

  std::vector<MountOperation> list(std::string_view document, bool mapped = true) {
    return mount_operations(parse_document(document), facts_,
                            mapped ? std::optional(maps_of({5000000, 65536})) : std::nullopt);
  }

  Facts facts_;
  const Overlay overlay_{{"/l/1", "/l/2"}, "/u", "/w", {"xino=off"}};
};

constexpr std::string_view kBinds = R"({"root": {"path": "/r/merged"}, "mounts": [
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/var", "type": "bind", "source": "/r/merged/var", "options": ["bind", "noexec"]},
  {"destination": "/d", "type": "none", "source": "/data", "options": ["rbind", "ro", "nodev"]}],
  "linux": {"namespaces": [{"type": "network", "path": "/proc/7/ns/net"}, {"type": "pid"}]}})";

TEST_F(MountOperations, WithoutAMappingVettedObjectsAloneAreHandedOver) {
  source("/data");
  const auto operations = list(kBinds, false);
  ASSERT_EQ(operations.size(), 3U);
  for (const MountOperation& operation : operations) {
    EXPECT_EQ(operation.kind, MountKind::clone);
    EXPECT_FALSE(operation.id_mapped);
  }
  EXPECT_EQ(operations[0].object, "/r/merged/var");
  EXPECT_EQ(operations[1].pointer, "/mounts/2/source");
  EXPECT_EQ(operations[2].pointer, "/linux/namespaces/0/path");
}

TEST_F(MountOperations, TheRootfsComesFirstAndItsDirectoriesWithIt) {
  facts_.root.overlay = overlay_;
  source("/data");
  const auto operations = list(kBinds);
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].pointer, "/root/path");
  EXPECT_EQ(operations[0].kind, MountKind::overlay);
  EXPECT_EQ(operations[0].overlay, overlay_);
  EXPECT_TRUE(operations[0].id_mapped);
  EXPECT_EQ(operations[1].kind, MountKind::in_rootfs);
  EXPECT_EQ(operations[1].object, "/var");
  EXPECT_TRUE(operations[1].noexec);
  EXPECT_EQ(operations[2].kind, MountKind::clone);
  EXPECT_TRUE(operations[2].id_mapped && operations[2].recursive && operations[2].read_only &&
              operations[2].nodev && !operations[2].nosuid);
  EXPECT_FALSE(operations[3].id_mapped);
}

TEST_F(MountOperations, ANameThatOnlyBeginsLikeTheRootfsIsNotOfIt) {
  source("/r/merged-too");
  const auto operations = list(R"({"root": {"path": "/r/merged"}, "mounts": [{"destination": "/d",
      "type": "bind", "source": "/r/merged-too"}]})");
  ASSERT_EQ(operations.size(), 2U);
  EXPECT_EQ(operations[1].kind, MountKind::clone);
  EXPECT_TRUE(operations[1].id_mapped);
}

TEST_F(MountOperations, ARootfsThatNobodyWritesLiesBelowMemory) {
  facts_.root.overlay = overlay_;
  constexpr std::string_view kReadOnly = R"({"root": {"path": "/r/merged", "readonly": true}})";
  EXPECT_EQ(list(kReadOnly).front().kind, MountKind::overlay_in_memory);
  EXPECT_EQ(list(R"({"root": {"path": "/r/merged", "readonly": true}, "mounts": [{"type": "bind",
      "destination": "/var", "source": "/r/merged/var"}]})")
                .front()
                .kind,
            MountKind::overlay);
  facts_.root.overlay.upper.clear();
  EXPECT_EQ(list(R"({"root": {"path": "/r/merged"}})").front().kind, MountKind::overlay_in_memory);
  facts_.root.overlay = {};
  EXPECT_EQ(list(kReadOnly).front().kind, MountKind::clone);
}

TEST_F(MountOperations, WhatCannotBeMappedIsMountedAsItIs) {
  source("/data").unmappable = "nfs";
  EXPECT_FALSE(list(kBinds)[2].id_mapped);
  facts_.sources.clear();
  EXPECT_TRUE(list(kBinds)[2].id_mapped);  // nobody looked: what a create would do where it can
}

TEST_F(MountOperations, AnOverlayAsASourceIsBuiltAnew) {
  source("/data").overlay = overlay_;
  const auto operations = list(kBinds);
  EXPECT_EQ(operations[2].kind, MountKind::overlay_in_memory);
  EXPECT_EQ(operations[2].overlay, overlay_);
}

TEST_F(MountOperations, ADeviceIsANodeOfTheContainersOwnIds) {
  const auto operations = list(R"({"root": {"path": "/r/merged"}, "linux": {"devices": [
      {"path": "/dev/null", "type": "c", "major": 1, "minor": 3},
      {"path": "/dev/disk", "type": "b", "major": 8, "minor": 1, "fileMode": 25008, "uid": 1, "gid": 6},
      {"path": "/dev/zero", "type": "c", "major": 1, "minor": 3}]}})");
  ASSERT_EQ(operations.size(), 3U);
  EXPECT_EQ(operations[1].kind, MountKind::device);
  EXPECT_EQ(operations[1].device, (DeviceNode{'b', 8, 1, 0660, 5000001, 5000006}));
  EXPECT_TRUE(operations[1].nosuid && operations[1].noexec && !operations[1].nodev);
  EXPECT_EQ(operations[2].object, "/dev/zero");  // by that name, and another device
}

TEST_F(MountOperations, AViewOfTheHostHasNoIdsOfTheContainer) {
  const auto operations = list(R"({"root": {"path": "/r/merged"}, "mounts": [{"destination": "/sys",
      "type": "bind", "source": "/sys", "options": ["bind", "ro"]}]})");
  EXPECT_FALSE(operations[1].id_mapped);
}

TEST_F(MountOperations, ADescriptionIsOneLineForTheTerminal) {
  EXPECT_EQ(
      describe(MountOperation{.pointer = "/root/path", .object = "/r\n\x1b", .id_mapped = true}),
      "/root/path: /r\\x0a\\x1b, id-mapped");
}

}  // namespace
}  // namespace hardened
