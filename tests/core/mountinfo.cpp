// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mountinfo.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

using Strings = std::vector<std::string>;

Mount only(std::string_view line) {
  const MountTable table(line);
  EXPECT_EQ(table.size(), 1U);
  return table.find(280).value();
}

Strings points(const std::vector<Mount>& mounts) {
  Strings found;
  for (const Mount& mount : mounts) found.push_back(mount.mount_point);
  std::sort(found.begin(), found.end());
  return found;
}

void expect_refused(std::string_view text) {
  try {
    const MountTable table(text);
    table.find(280);
    ADD_FAILURE() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_EQ(error.pointer(), "");
  }
}

TEST(Mountinfo, EveryFieldOfALineIsRead) {
  const Mount mount = only(
      "280 39 0:46 /sub /mnt/a ro,nosuid,relatime shared:66 master:1 propagate_from:2 - ext4 "
      "/dev/vda "
      "rw,discard\n");
  EXPECT_EQ(mount.id, 280U);
  EXPECT_EQ(mount.parent, 39U);
  EXPECT_EQ(mount.device, "0:46");
  EXPECT_EQ(mount.root, "/sub");
  EXPECT_EQ(mount.mount_point, "/mnt/a");
  EXPECT_EQ(mount.options, (Strings{"ro", "nosuid", "relatime"}));
  EXPECT_EQ(mount.propagation, (Strings{"shared:66", "master:1", "propagate_from:2"}));
  EXPECT_EQ(mount.file_system, "ext4");
  EXPECT_EQ(mount.source, "/dev/vda");
  EXPECT_EQ(mount.super_options, "rw,discard");
  EXPECT_FALSE(mount.deleted);
}

TEST(Mountinfo, NinetyTwoLayersAreOneLine) {
  std::ifstream file(HARDENED_SOURCE "/tests/corpus/reference/mountinfo-92-layers-truncated.txt");
  std::ostringstream text;
  text << file.rdbuf();
  const Mount mount = only(text.str());
  EXPECT_EQ(mount.device, "0:46");
  EXPECT_EQ(mount.file_system, "overlay");
  EXPECT_EQ(mount.propagation, Strings{"shared:66"});
  EXPECT_TRUE(mount.mount_point.ends_with("/merged"));
  EXPECT_TRUE(mount.super_options.starts_with("rw,lowerdir=l/UJZVOPSHX2YAZFE2TG24CNJAGU:"));
}

TEST(Mountinfo, OctalEscapesAreUndone) {
  const Mount mount = only(
      "280 39 0:46 /a\\040b /c\\134040\\011d\\012\\043 rw - fuse.x\\040y s\\040t rw,o=\\040\n");
  EXPECT_EQ(mount.root, "/a b");
  EXPECT_EQ(mount.mount_point, "/c\\040\td\n#");
  EXPECT_EQ(mount.file_system, "fuse.x y");
  EXPECT_EQ(mount.source, "s t");
  EXPECT_EQ(mount.super_options, "rw,o=\\040");
}

TEST(Mountinfo, ABackslashThatIsNoEscapeStays) {
  EXPECT_EQ(only("280 39 0:46 / /a\\9\\04 rw - tmpfs none rw").mount_point, "/a\\9\\04");
}

TEST(Mountinfo, AnEmptySourceIsNotSkipped) {
  const Mount mount = only("280 39 0:46 / /a rw - tmpfs  rw,size=4k");
  EXPECT_EQ(mount.source, "");
  EXPECT_EQ(mount.super_options, "rw,size=4k");
}

TEST(Mountinfo, ADeletedRootIsMarkedAndADirectoryOfThatNameIsNot) {
  const Mount gone = only("280 39 8:1 /a/b//deleted /mnt rw - ext4 /dev/vda rw");
  EXPECT_TRUE(gone.deleted);
  EXPECT_EQ(gone.root, "/a/b");
  const Mount there = only("280 39 8:1 /a/b/deleted /mnt rw - ext4 /dev/vda rw");
  EXPECT_FALSE(there.deleted);
  EXPECT_EQ(there.root, "/a/b/deleted");
}

TEST(Mountinfo, WhatIsNoMountIsRefused) {
  expect_refused("x 39 0:46 / / rw - tmpfs none rw");
  expect_refused("280 -1 0:46 / / rw - tmpfs none rw");
  expect_refused("280 39 0:46 / / rw shared:1 tmpfs none rw");
  expect_refused("280 39 0:46 / relative rw - tmpfs none rw");
  expect_refused("280 39 0:46 / / rw -");
  expect_refused("280");
  expect_refused("\n");
}

TEST(Mountinfo, AMountThatIsNotInTheTableIsAbsent) {
  EXPECT_FALSE(MountTable("").find(1).has_value());
  EXPECT_FALSE(MountTable("27 1 254:0 / / rw - ext4 /dev/vda rw\n").find(1).has_value());
}

TEST(Mountinfo, APathIsNotBelowAnotherThatItMerelyBeginsWith) {
  EXPECT_TRUE(lies_in("/a/b", "/a/b"));
  EXPECT_TRUE(lies_in("/a/b/c", "/a/b"));
  EXPECT_TRUE(lies_in("/a", "/"));
  EXPECT_FALSE(lies_in("/a/bc", "/a/b"));
  EXPECT_FALSE(lies_in("/a", "/a/b"));
}

TEST(Mountinfo, ABindOfADirectoryHasTheLocationOfThatDirectory) {
  const Mount root = only("280 1 8:1 / / rw - ext4 /dev/vda rw");
  const Mount bind = only("280 27 8:1 /etc /mnt/x rw - ext4 /dev/vda rw");
  const Mount disk = only("280 27 8:2 / /mnt/y rw - ext4 /dev/vdb rw");
  EXPECT_EQ(locate(root, "/etc"), (Location{"8:1", "/etc"}));
  EXPECT_EQ(locate(bind, "/mnt/x"), (Location{"8:1", "/etc"}));
  EXPECT_EQ(locate(bind, "/mnt/x/ssh"), (Location{"8:1", "/etc/ssh"}));
  EXPECT_EQ(locate(root, "/"), (Location{"8:1", "/"}));
  EXPECT_EQ(locate(disk, "/mnt/y"), (Location{"8:2", "/"}));
  EXPECT_EQ(locate(disk, "/mnt/y/z"), (Location{"8:2", "/z"}));
  EXPECT_EQ(locate(bind, "/mnt/xy"), std::nullopt);
  EXPECT_EQ(locate(only("280 1 8:1 /image / rw - ext4 /dev/vda rw"), "/etc"),
            (Location{"8:1", "/image/etc"}));
}

TEST(Mountinfo, ARecursiveBindBringsTheMountsBelow) {
  const MountTable table(
      "30 27 0:9 / /srv/a/deep/er rw - tmpfs none rw\n"  // a child may stand before its parent
      "27 1 8:1 / / rw - ext4 /dev/vda rw\n"
      "28 27 0:8 / /srv/a rw - tmpfs none rw\n"
      "29 28 0:9 / /srv/a/x rw - tmpfs none rw\n"
      "31 29 0:9 / /srv/a/x rw - tmpfs stacked rw\n"
      "32 27 0:9 / /srv/ab rw - tmpfs none rw\n"
      "33 27 0:9 / /opt rw - tmpfs none rw\n"
      "1 1 0:1 / / rw - rootfs none rw\n");
  EXPECT_EQ(points(table.below(27, "/srv")),
            (Strings{"/srv/a", "/srv/a/deep/er", "/srv/a/x", "/srv/a/x", "/srv/ab"}));
  // Mount 30 lies on the root file system, hidden by mount 28: a bind of /srv/a does not bring it.
  EXPECT_EQ(points(table.below(28, "/srv/a")), (Strings{"/srv/a/x", "/srv/a/x"}));
  EXPECT_EQ(points(table.below(27, "/nothing")), Strings{});
}

TEST(Mountinfo, OnlyTheOptionsThatAUserNamespaceLocksAreListed) {
  const Mount mount = only("280 1 8:1 / / ro,relatime,nodev - ext4 /dev/vda rw,nosuid");
  EXPECT_EQ(locked_options(mount), (Strings{"ro", "nodev"}));
}

}  // namespace
}  // namespace hardened
