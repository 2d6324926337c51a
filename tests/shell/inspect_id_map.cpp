// SPDX-License-Identifier: Apache-2.0
// Whether ids can be laid over what a container is given, and whose user namespace it joins.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "inspect_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr std::string_view kRootOnly = R"({"root": {"path": "rootfs"}})";

// On a kernel that records mounts and answers as told.
class InspectMapping : public Inspect {
 protected:
  InspectMapping() { offered_ = {1879048192, 65536}; }

  Inspection tried(const std::string& text) {
    return inspect(recording_, parse_document(text), profile_, bundle_.path(), Looking::must_see,
                   offered_);
  }
  bool called(std::string_view call) const {
    return std::find(recording_.calls.begin(), recording_.calls.end(), call) !=
           recording_.calls.end();
  }

  FakeKernel recording_;
};

#define NEEDS_INITIAL_ROOT()                                    \
  NEEDS_ROOT();                                                 \
  if (identity_of("/proc/self/ns/user").inode != 0xEFFFFFFDU) { \
    GTEST_SKIP() << "needs the initial user namespace";         \
  }

TEST_F(InspectMapping, WithoutAnOfferNothingIsTried) {
  offered_ = {};
  const Inspection seen = tried(std::string(kRootOnly));
  EXPECT_EQ(seen.facts.host.id_range, IdRange{});
  EXPECT_EQ(seen.facts.root.unmappable, "");
  EXPECT_FALSE(called("user_namespace"));
  EXPECT_FALSE(called("set_attributes id_map"));
}

TEST_F(InspectMapping, ARootfsThatTakesTheIdsIsMappable) {
  NEEDS_INITIAL_ROOT();
  mount_at("none", bundle_ / "rootfs", "tmpfs", 0);
  const Inspection seen = tried(std::string(kRootOnly));
  EXPECT_EQ(seen.facts.host.id_range, offered_);
  EXPECT_EQ(seen.facts.root.unmappable, "");
  EXPECT_TRUE(seen.facts.root.overlay.lower.empty());
  EXPECT_TRUE(called("set_attributes id_map"));
}

TEST_F(InspectMapping, AFileSystemThatRefusesIsNamed) {
  NEEDS_INITIAL_ROOT();
  mount_at("none", bundle_ / "rootfs", "tmpfs", 0);
  recording_.before["set_attributes id_map"] = [] { throw Error::from_errno(EINVAL, "set"); };
  EXPECT_EQ(tried(std::string(kRootOnly)).facts.root.unmappable,
            "tmpfs cannot be id-mapped (set: invalid argument)");
}

TEST_F(InspectMapping, ARootfsWithMountsInsideIsNotRebuilt) {
  NEEDS_INITIAL_ROOT();
  mount_at("none", bundle_ / "rootfs", "tmpfs", 0);
  mount_at("none", bundle_ / "rootfs/var", "tmpfs", 0);
  EXPECT_EQ(tried(std::string(kRootOnly)).facts.root.unmappable,
            (bundle_ / "rootfs/var") + " is mounted inside it");
}

TEST_F(InspectMapping, WithoutUserNamespacesNothingIsMappable) {
  NEEDS_INITIAL_ROOT();
  recording_.before["user_namespace"] = [] { throw Error::from_errno(ENOSPC, "unshare"); };
  const RootFact root = tried(std::string(kRootOnly)).facts.root;
  EXPECT_EQ(root.unmappable, "no user namespace can be made: unshare: no space left on device");
}

TEST_F(InspectMapping, AnOverlayIsKnownByItsLayers) {
  NEEDS_INITIAL_ROOT();
  const std::string store = bundle_ / "store";
  mount_at("none", store, "tmpfs", 0);
  for (const char* name : {"l/a", "l/b", "x/diff", "x/work", "x/merged"}) {
    fs::create_directories(store + '/' + name);
  }
  const fs::path before = fs::current_path();
  fs::current_path(store);
  const std::string merged = store + "/x/merged";
  const int mounted = ::mount("overlay", merged.c_str(), "overlay", 0,
                              "lowerdir=l/a:l/b,upperdir=x/diff,workdir=x/work,xino=off");
  fs::current_path(before);
  ASSERT_EQ(mounted, 0);
  mounted_.insert(mounted_.begin(), merged);
  const RootFact root = tried(R"({"root": {"path": ")" + merged + "\"}}").facts.root;
  EXPECT_EQ(root.unmappable, "");
  EXPECT_EQ(root.overlay.lower, (Strings{store + "/l/a", store + "/l/b"}));
  EXPECT_EQ(root.overlay.upper, store + "/x/diff");
  EXPECT_EQ(root.overlay.work, store + "/x/work");
  // One mount holds them all, and it is tried once.
  EXPECT_EQ(std::count(recording_.calls.begin(), recording_.calls.end(), "set_attributes id_map"),
            1);
  fs::create_directory(merged + "/inside");
  EXPECT_EQ(tried(R"({"root": {"path": ")" + merged + "/inside\"}}").facts.root.unmappable,
            "a part of an overlay cannot be id-mapped");
  fs::remove(store + "/l/b");
  EXPECT_EQ(tried(R"({"root": {"path": ")" + merged + "\"}}").facts.root.unmappable,
            "its relative layers are not to be found");
}

TEST_F(InspectMapping, ARootfsOfAnEnginesShiftedIdsIsNotOurs) {
  NEEDS_INITIAL_ROOT();
  const std::string rootfs = bundle_ / "rootfs";
  fs::create_directories(rootfs);
  ASSERT_EQ(::chown(rootfs.c_str(), 0, 300000), 0);
  EXPECT_EQ(
      tried(R"({"root": {"path": ")" + rootfs + "\"}}").facts.root.unmappable,
      "it belongs to 0:300000, outside the container's ids, as with an engine's userns-remap");
}

TEST_F(InspectMapping, ASourceIsTriedWithWhatComesAlong) {
  NEEDS_INITIAL_ROOT();
  const std::string tree = bundle_ / "tree";
  mount_at("none", tree, "tmpfs", 0);
  const std::string text = R"({"mounts": [{"destination": "/d", "type": "bind", "source": ")" +
                           tree + R"(", "options": ["rbind"]}]})";
  EXPECT_EQ(tried(text).facts.sources.at(tree).unmappable, "");
  recording_.before["set_attributes id_map"] = [] { throw Error::from_errno(EINVAL, "set"); };
  EXPECT_EQ(tried(text).facts.sources.at(tree).unmappable,
            "tmpfs cannot be id-mapped (set: invalid argument)");
}

TEST_F(InspectMapping, AViewOfTheHostIsHeldWhereItMayBeNeeded) {
  const std::string mount = R"("mounts": [{"destination": "/sys/", "type": "sysfs"}])";
  EXPECT_TRUE(tried("{" + mount + "}").objects.contains("/sys"));
  EXPECT_TRUE(tried("{" + mount +
                    R"(, "linux": {"namespaces": [{"type": "network",
                        "path": "/proc/self/ns/net"}]}})")
                  .objects.contains("/sys"));
  EXPECT_FALSE(tried("{" + mount + R"(, "linux": {"namespaces": [{"type": "network"}]}})")
                   .objects.contains("/sys"));
}

TEST_F(InspectMapping, TheOwnerOfAJoinedNamespaceIsNamedAndHeld) {
  NEEDS_INITIAL_ROOT();
  const OtherProcess other([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0; });
  put(other.proc("uid_map"), "0 1900000000 65536\n");
  put(other.proc("gid_map"), "0 1900000000 65536\n");
  const std::string user = other.proc("ns/user");
  const auto joining = [](const std::string& type, const std::string& path) {
    return R"({"linux": {"namespaces": [{"type": ")" + type + R"(", "path": ")" + path + "\"}]}}";
  };
  const Inspection seen = tried(joining("network", other.proc("ns/net")));
  const NamespaceFact& fact = seen.facts.namespaces.at(other.proc("ns/net"));
  EXPECT_EQ(fact.owner_path, user);
  EXPECT_EQ(fact.owner_maps, maps_of({1900000000, 65536}));
  ASSERT_TRUE(seen.objects.contains(user));
  EXPECT_EQ(identity_of("/proc/self/fd/" + std::to_string(seen.objects.at(user).number())),
            fact.owner);
  // Of a user namespace: itself.
  const Inspection itself = tried(joining("user", user));
  EXPECT_EQ(itself.facts.namespaces.at(user).owner_path, user);
  EXPECT_EQ(itself.facts.namespaces.at(user).owner_maps, fact.owner_maps);
}

TEST_F(InspectMapping, APinnedUserNamespaceTellsItsIdsThoughNobodyIsInIt) {
  NEEDS_INITIAL_ROOT();
  const std::string pinned = bundle_ / "pinned";
  put(pinned, "");
  {
    const OtherProcess other([] { return ::unshare(CLONE_NEWUSER) == 0; });
    put(other.proc("uid_map"), "0 1900000000 65536\n");
    put(other.proc("gid_map"), "0 1900000001 65536\n");
    const std::string user = other.proc("ns/user");
    ASSERT_EQ(::mount(user.c_str(), pinned.c_str(), nullptr, MS_BIND, nullptr), 0);
    mounted_.insert(mounted_.begin(), pinned);
  }
  const std::string text =
      R"({"linux": {"namespaces": [{"type": "user", "path": ")" + pinned + "\"}]}}";
  const NamespaceFact fact = tried(text).facts.namespaces.at(pinned);
  EXPECT_EQ(fact.owner_maps.users, maps_of({1900000000, 65536}).users);
  EXPECT_EQ(fact.owner_maps.groups, maps_of({1900000001, 65536}).groups);
  EXPECT_EQ(fact.owner_path, pinned);
  recording_.before["id_maps_of"] = [] { throw Error::from_errno(EPERM, "setns"); };
  EXPECT_EQ(tried(text).facts.namespaces.at(pinned).owner_maps, IdMaps{});
}

}  // namespace
}  // namespace hardened
