// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/crun.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

const char* const kDocument = R"({
  "mounts": [
    {"destination": "/tmp", "type": "bind", "source": "/t", "options": ["bind", "nosuid", "nodev"]},
    {"destination": "/by-option", "type": "none", "source": "/t", "options": ["rbind", "noexec"]},
    {"destination": "/dev/own", "type": "bind", "source": "/d", "options": ["bind"]},
    {"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]}
  ],
  "linux": {"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}]}
})";

TEST(Crun, FlagsOfABindAreSaidRecursivelyToo) {
  Json config = parse_document(kDocument);
  repeat_mount_flags("/usr/bin/crun", config);
  const Json& mounts = config.at("mounts");
  EXPECT_EQ(mounts[0].at("options"), Json({"bind", "nosuid", "nodev", "rnosuid", "rnodev"}));
  EXPECT_EQ(mounts[1].at("options"), Json({"rbind", "noexec", "rnoexec"}));
  EXPECT_EQ(mounts[2].at("options"), Json({"bind"}));
  EXPECT_EQ(mounts[3].at("options"), Json({"nosuid", "nodev"}));
}

TEST(Crun, NothingIsSaidTwiceToRuncOrWithoutAUserNamespace) {
  Json config = parse_document(kDocument);
  const Json before = config;
  repeat_mount_flags("/usr/sbin/runc", config);
  EXPECT_EQ(config, before);
  config["linux"].erase("uidMappings");
  const Json unmapped = config;
  repeat_mount_flags("/usr/bin/crun", config);
  EXPECT_EQ(config, unmapped);
}

TEST(Crun, SayingItTwiceChangesNothing) {
  Json config = parse_document(kDocument);
  repeat_mount_flags("/usr/bin/crun", config);
  const Json once = config;
  repeat_mount_flags("/usr/bin/crun", config);
  EXPECT_EQ(config, once);
}

}  // namespace
}  // namespace hardened
