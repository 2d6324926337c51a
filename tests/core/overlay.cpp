// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/overlay.hpp"

#include <gtest/gtest.h>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

using Strings = std::vector<std::string>;

void expect_refused(std::string_view options, const std::string& text) {
  try {
    parse_overlay(options);
    FAIL() << options;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_EQ(error.pointer(), "");
    EXPECT_EQ(error.what(), text);
  }
}

TEST(Overlay, LayersAndWhatASecondOneMustShareAreRead) {
  const Overlay overlay = parse_overlay(
      "rw,seclabel,lowerdir=/a:/b,upperdir=/u,workdir=/w,redirect_dir=on,metacopy=on,index=off,"
      "xino=off,volatile,userxattr,uuid=null,nfs_export=off");
  EXPECT_EQ(overlay.lower, (Strings{"/a", "/b"}));
  EXPECT_EQ(overlay.upper, "/u");
  EXPECT_EQ(overlay.work, "/w");
  EXPECT_EQ(overlay.options,
            (Strings{"redirect_dir=on", "metacopy=on", "xino=off", "volatile", "userxattr"}));
  EXPECT_EQ(parse_overlay("ro,lowerdir=/a").upper, "");
}

TEST(Overlay, LayersGivenOneByOneKeepTheirOrder) {
  EXPECT_EQ(parse_overlay("lowerdir+=/a,lowerdir+=/b:c,lowerdir+=/d").lower,
            (Strings{"/a", "/b:c", "/d"}));
}

// A colon is \: for overlay, a comma and a space are octal for mountinfo, a backslash both.
TEST(Overlay, EscapesOfBothKindsAreUndone) {
  const Overlay overlay =
      parse_overlay(R"(lowerdir=/a\134:b:/c\040d\054e,upperdir=/u:1,workdir=/w\012)");
  EXPECT_EQ(overlay.lower, (Strings{"/a:b", "/c d,e"}));
  EXPECT_EQ(overlay.upper, "/u:1");
  EXPECT_EQ(overlay.work, "/w\n");
}

TEST(Overlay, AsManyLayersAsAnImageCanHave) {
  std::string options = "lowerdir=l/0";
  for (int layer = 1; layer < 125; ++layer) options += ":l/" + std::to_string(layer);
  const Overlay overlay = parse_overlay(options + ",upperdir=x/diff,workdir=x/work");
  ASSERT_EQ(overlay.lower.size(), 125U);
  EXPECT_EQ(overlay.lower.back(), "l/124");
}

TEST(Overlay, WhatARebuiltOneWouldLackIsRefused) {
  expect_refused("lowerdir=/a::/data", "an overlay with data-only layers");
  expect_refused("lowerdir=/a:", "an overlay with data-only layers");
  expect_refused("lowerdir=/a,datadir+=/data", "an overlay with the option datadir+=/data");
  expect_refused("lowerdir=/a,override_creds", "an overlay with the option override_creds");
  expect_refused("rw,upperdir=/u", "an overlay without layers");
  expect_refused(R"(lowerdir=/a,upperdir=/u\134:1,workdir=/w)",
                 "an overlay with a backslash in the name of a directory");
}

TEST(Overlay, RelativeLayersCanLieAboveTheUpperDirectoryAndTheMountPoint) {
  Overlay overlay;
  overlay.upper = "/var/lib/docker/overlay2/x/diff";
  EXPECT_EQ(layer_directories(overlay, "/var/lib/docker/overlay2/x/merged"),
            (Strings{"/var/lib/docker/overlay2/x", "/var/lib/docker/overlay2", "/var/lib/docker",
                     "/var/lib", "/var", "/"}));
  overlay.upper = "7/fs";
  EXPECT_EQ(layer_directories(overlay, "/run/rootfs"), (Strings{"/run", "/"}));
}

}  // namespace
}  // namespace hardened
