// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_origins.hpp"
#include "judge_fixture.hpp"

namespace hardened::judging {
namespace {

std::string verdict_of(const std::string& id, const ContainerSighting& container,
                       const HostSighting& host = host_for_tests()) {
  return said(item_of(judged(container, host), id));
}

ContainerSighting with_mount(const std::string& line) {
  ContainerSighting container = hardened_container();
  container.views[0].mounts.push_back(mount_line(line));
  return container;
}

TEST(JudgeMounts, AWritableRootFails) {
  EXPECT_EQ("PASS: / is overlay, ro; writable: /var /etc/hosts",
            verdict_of("CIS 5.13", hardened_container()));
  ContainerSighting container = hardened_container();
  container.views[0].mounts[0].options = {"rw", "relatime"};
  EXPECT_EQ("FAIL: / is overlay, writable (mountinfo of pid 100)",
            verdict_of("CIS 5.13", container));
}

// The last mount at "/" is what processes see.
TEST(JudgeMounts, ARootThatIsCoveredDoesNotCount) {
  const ContainerSighting container =
      with_mount("90 50 0:90 / / rw,relatime - tmpfs tmpfs rw,size=4k");
  EXPECT_TRUE(verdict_of("CIS 5.13", container).starts_with("FAIL: / is tmpfs, writable"));
}

TEST(JudgeMounts, CodeMountedWritableOverAReadOnlyRootWarns) {
  EXPECT_EQ("WARN: /usr is mounted writable over a read-only /",
            verdict_of("CIS 5.13", with_mount("90 50 0:90 / /usr rw - tmpfs tmpfs rw")));
}

TEST(JudgeMounts, EveryViewCounts) {
  ContainerSighting container = hardened_container();
  container.views.push_back({200, {mount_line("80 1 8:1 / / rw - ext4 /dev/sda1 rw")}});
  EXPECT_TRUE(verdict_of("CIS 5.13", container).starts_with("FAIL: / is ext4, writable"));
  EXPECT_TRUE(verdict_of("CIS 5.6", container).starts_with("FAIL: / shows /, reaches /"));
}

TEST(JudgeMounts, AViewWithoutItsRootIsNoPass) {
  ContainerSighting container = hardened_container();
  container.views[0].mounts.erase(container.views[0].mounts.begin());
  EXPECT_TRUE(verdict_of("CIS 5.13", container).starts_with("WARN: mounts: the root of pid 100"));
}

TEST(JudgeMounts, SensitivePlacesFailUnderAnyNameAndReadOnlyToo) {
  EXPECT_EQ("FAIL: /x shows /etc/ssl, reaches /etc, read-only",
            verdict_of("CIS 5.6", with_mount("90 50 8:1 /etc/ssl /x ro - ext4 /dev/sda1 rw")));
  // A bind of /etc that the host has at /srv too.
  HostSighting host = host_for_tests();
  host.mounts.push_back(mount_line("30 20 8:1 /etc /srv rw - ext4 /dev/sda1 rw"));
  EXPECT_EQ("FAIL: /x shows /etc, reaches /etc, writable",
            verdict_of("CIS 5.6", with_mount("90 50 8:1 /etc /x rw - ext4 /dev/sda1 rw"), host));
  EXPECT_TRUE(verdict_of("CIS 5.6", with_mount("90 50 8:1 / /host rw - ext4 /dev/sda1 rw"))
                  .starts_with("FAIL: /host shows /, reaches /"));
}

TEST(JudgeMounts, OtherPlacesOfTheHostAreNamedAndCountForPodSecurity) {
  const ContainerSighting container =
      with_mount("90 50 8:1 /srv/data /data rw,nosuid,nodev - ext4 /dev/sda1 rw");
  EXPECT_EQ("PASS: no sensitive directory of the host is mounted; of others: /srv/data at /data",
            verdict_of("CIS 5.6", container));
  EXPECT_EQ("FAIL: /data shows the host's /srv/data",
            said(control_of(judged(container), "baseline", "HostPath Volumes")));
}

TEST(JudgeMounts, TheEnginesOwnFilesAreNoHostDirectories) {
  const std::string storage = "/var/lib/docker/volumes/v/_data";
  const ContainerSighting container =
      with_mount("90 50 8:1 " + storage + " /data rw,nosuid,nodev - ext4 /dev/sda1 rw");
  EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS 5.6").verdict);
  EXPECT_EQ(Verdict::pass, control_of(judged(container), "baseline", "HostPath Volumes").verdict);
  // Another container's directory is none of its own.
  const std::string other = "/var/lib/docker/containers/" + std::string(64, 'b') + "/mounts/s";
  EXPECT_EQ(
      Verdict::fail,
      item_of(judged(with_mount("90 50 8:1 " + other + " /s ro - ext4 /dev/sda1 rw")), "CIS 5.6")
          .verdict);
}

TEST(JudgeMounts, ARootfsOfTheHostsOwnDirectoriesFails) {
  ContainerSighting container = hardened_container();
  container.views[0].mounts[0] = mount_line(
      "50 40 0:50 / / ro - overlay overlay rw,lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w");
  EXPECT_EQ("FAIL: / reaches /, read-only", verdict_of("CIS 5.6", container));
}

// As hardened lays it over the engine's layers, which it holds as descriptors.
TEST(JudgeMounts, LayersWithoutNamesAreJudgedByTheEnginesOwnMountOrNotAtAll) {
  ContainerSighting container = hardened_container();
  container.views[0].mounts[0] = mount_line(
      "50 40 0:50 / / ro - overlay overlay "
      "rw,lowerdir=/proc/self/fd/9,upperdir=/proc/self/fd/8,workdir=/proc/self/fd/7");
  EXPECT_EQ("WARN: / is an overlay whose layers have no names here",
            verdict_of("CIS 5.6", container));
  container.rootfs = "/var/lib/docker/overlay2/x/merged";
  HostSighting host = host_for_tests();
  const std::string line =
      "60 20 0:60 / " + container.rootfs + " rw - overlay overlay rw,lowerdir=";
  host.mounts.push_back(mount_line(line + "/var/lib/docker/overlay2/y/diff"));
  EXPECT_EQ(Verdict::pass, item_of(judged(container, host), "CIS 5.6").verdict);
  host.mounts.back() = mount_line(line + "/usr:/srv");
  host.facts.sensitive.push_back({"/usr", {}, {"8:1", "/usr"}});
  EXPECT_EQ("FAIL: / reaches /usr, read-only", verdict_of("CIS 5.6", container, host));
}

TEST(JudgeMounts, AnEngineSocketFailsByItsPlaceAndThroughItsDirectory) {
  EXPECT_TRUE(verdict_of("CIS 5.32", hardened_container()).starts_with("PASS: none of 1 sockets"));
  for (const std::string root : {"/docker.sock", "/"}) {
    EXPECT_EQ("FAIL: /run/docker.sock can be reached at /x",
              verdict_of("CIS 5.32", with_mount("90 50 0:25 " + root + " /x ro - tmpfs tmpfs rw")));
  }
}

TEST(JudgeMounts, PropagationThatIsSharedWithTheHostFails) {
  EXPECT_EQ(
      "FAIL: /x is shared:1 with the host",
      verdict_of("CIS 5.20", with_mount("90 50 8:1 /srv /x rw shared:1 - ext4 /dev/sda1 rw")));
  EXPECT_EQ("WARN: /x is shared:77, not with this host",
            verdict_of("CIS 5.20", with_mount("90 50 0:9 / /x rw shared:77 - tmpfs tmpfs rw")));
  EXPECT_EQ(
      Verdict::pass,
      item_of(judged(with_mount("90 50 8:1 /srv /x rw master:1 - ext4 /dev/sda1 rw")), "CIS 5.20")
          .verdict);
}

TEST(JudgeMounts, KernelFilesThatAreOpenFail) {
  ContainerSighting container = hardened_container();
  auto& mounts = container.views[0].mounts;
  std::erase_if(mounts, [](const Mount& mount) { return mount.mount_point == "/proc/sys"; });
  EXPECT_EQ("FAIL: /proc/sys is open", verdict_of("masks", container));
  EXPECT_EQ("FAIL: /proc/sys is open",
            said(control_of(judged(container), "baseline", "/proc Mount Type")));
  container = hardened_container();
  container.views[0].mounts[3] = mount_line("53 50 0:53 / /sys rw - sysfs sysfs rw");
  EXPECT_EQ("FAIL: /sys is sysfs, writable", verdict_of("masks", container));
  EXPECT_TRUE(verdict_of("masks", with_mount("90 50 0:51 / /p rw - proc proc rw"))
                  .starts_with("FAIL: /p is proc: a second one"));
}

TEST(JudgeMounts, WritableMountsWithoutTheirFlagsAreNamed) {
  EXPECT_EQ(
      "WARN: writable without nosuid or nodev: /a /b", verdict_of("flags", [] {
        ContainerSighting container = with_mount("90 50 0:9 / /a rw,nosuid - tmpfs tmpfs rw");
        container.views[0].mounts.push_back(mount_line("91 50 0:9 / /b rw,nodev - tmpfs tmpfs rw"));
        return container;
      }()));
}

TEST(JudgeMounts, WhatWasLeftOutIsNoPass) {
  ContainerSighting container = hardened_container();
  container.unseen = {"mounts: 5 of pid 100 were left out"};
  for (const std::string id : {"CIS 5.6", "CIS 5.13", "CIS 5.20", "CIS 5.32", "masks", "flags"}) {
    EXPECT_EQ("WARN: mounts: 5 of pid 100 were left out", verdict_of(id, container)) << id;
  }
}

}  // namespace
}  // namespace hardened::judging
