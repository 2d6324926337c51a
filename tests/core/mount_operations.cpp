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

TEST_F(MountOperations, OfAnImageNothingIsTakenThatIsWrittenOverItLater) {
  const std::string image = "/var/lib/docker/overlay2/b/merged";
  facts_.root.path = "/var/lib/docker/overlay2/a/merged";
  const auto mounted = [&](const std::string& path, bool untouched) {
    source(path).overlay = overlay_;
    source(path).untouched = untouched;
    return list(Json{{"root", {{"path", facts_.root.path}}},
                     {"mounts", Json::array({Json::object({{"destination", "/d"},
                                                           {"type", "bind"},
                                                           {"source", path},
                                                           {"options", {"ro"}}})})}}
                    .dump())
        .at(1);
  };
  EXPECT_EQ(mounted(image, true).kind, MountKind::overlay_in_memory);
  EXPECT_EQ(mounted(image, true).overlay.lower, overlay_.lower);
  EXPECT_EQ(mounted(image, true).overlay.upper, "");
  EXPECT_EQ(mounted(image, false).overlay, overlay_);
  EXPECT_EQ(mounted("/data", true).overlay, overlay_);
}

TEST_F(MountOperations, ASecretThatCannotBeMappedIsCopied) {
  const std::string id(64, 'a');
  const std::string storage = "/var/lib/docker";
  facts_.root.path = storage + "/overlay2/a/merged";
  const auto kind = [&](const std::string& path, const char* access,
                        FileKind file = FileKind::regular) {
    source(path).unmappable = "tmpfs";
    source(path).kind = file;
    return list(Json{{"root", {{"path", facts_.root.path}}},
                     {"mounts", Json::array({Json::object({{"destination", "/run/secrets/x"},
                                                           {"type", "bind"},
                                                           {"source", path},
                                                           {"options", {access}}})})}}
                    .dump())
        .at(1)
        .kind;
  };
  const std::string own = storage + "/containers/" + id + "/mounts/secrets/x";
  EXPECT_EQ(kind(own, "ro"), MountKind::copy);
  EXPECT_EQ(kind("/run/containers/storage/overlay-containers/" + id + "/userdata/secrets/x", "ro"),
            MountKind::copy);
  EXPECT_EQ(kind(own, "rw"), MountKind::clone);
  EXPECT_EQ(kind(own, "ro", FileKind::directory), MountKind::clone);
  EXPECT_EQ(kind("/run/x", "ro"), MountKind::clone);
  EXPECT_EQ(kind(storage + "/containers/" + id + "/hosts", "ro"), MountKind::clone);
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
