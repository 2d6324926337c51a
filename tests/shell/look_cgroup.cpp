// SPDX-License-Identifier: Apache-2.0
// What lies at a cgroup path, over directories that look like a hierarchy.
#include <gtest/gtest.h>

#include "fake_kernel.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

class LookCgroup : public testing::Test {
 protected:
  // A cgroup with, or without, a process in it.
  void make(const std::string& path, const std::string& processes = "") {
    std::filesystem::create_directories(root_ / path);
    put(root_ / (path + "/cgroup.procs"), processes);
  }
  CgroupFact look(const std::string& path) { return Looker(kernel_).cgroup(path, root_.path()); }
  bool occupied(const std::string& path) {
    const CgroupFact fact = look(path);
    EXPECT_EQ(fact.sight, Sight::seen) << path;
    return fact.occupied;
  }

  TemporaryDirectory root_;
  FakeKernel kernel_;
};

TEST_F(LookCgroup, OneWithProcessesOrCgroupsInItIsOccupied) {
  make(".", "1\n");
  make("docker");
  make("docker/busy", "7\n");
  make("docker/idle");
  make("docker/outer");
  make("docker/outer/inner");
  EXPECT_TRUE(occupied("/docker/busy"));
  EXPECT_TRUE(occupied("/docker//busy/."));
  EXPECT_TRUE(occupied("docker/busy"));
  EXPECT_TRUE(occupied("/docker/outer"));
  EXPECT_TRUE(occupied("/docker"));
  EXPECT_FALSE(occupied("/docker/idle"));
  EXPECT_FALSE(occupied("/docker/new"));
}

TEST_F(LookCgroup, UnitsLieInTheirNestedSlices) {
  make(".", "1\n");
  make("system.slice/docker-abc.scope", "7\n");
  make("a.slice/a-b.slice/a-b-c.slice/crio-abc.scope", "7\n");
  make("plain.scope", "7\n");
  EXPECT_TRUE(occupied("system.slice:docker:abc"));
  EXPECT_TRUE(occupied(":docker:abc"));
  EXPECT_TRUE(occupied("a-b-c.slice:crio:abc"));
  EXPECT_TRUE(occupied("-.slice::plain"));
  EXPECT_FALSE(occupied("system.slice:docker:abd"));
}

TEST_F(LookCgroup, EveryHierarchyOfVersionOneCounts) {
  make("cpu");
  make("freezer/docker/abc", "7\n");
  make("pids/docker/abd");
  put(root_ / "a file", "x");
  EXPECT_TRUE(occupied("/docker/abc"));
  EXPECT_FALSE(occupied("/docker/abd"));
}

TEST_F(LookCgroup, AboveItOnlyTheRootAndSlicesMayHaveProcesses) {
  make(".", "1\n");
  make("docker/busy", "7\n");
  make("system.slice", "7\n");
  EXPECT_FALSE(look("/docker/busy").parent_occupied);
  EXPECT_TRUE(look("/docker/busy/abc").parent_occupied);
  EXPECT_FALSE(look("/system.slice/abc").parent_occupied);
  EXPECT_FALSE(look("/abc").parent_occupied);
}

TEST_F(LookCgroup, PathsThatClimbAndHostsWithoutCgroupsShowNothing) {
  make(".", "1\n");
  EXPECT_EQ(look("/docker/../x").sight, Sight::unseen);
  EXPECT_EQ(Looker(kernel_).cgroup("/x", root_ / "none").sight, Sight::unseen);
}

TEST_F(LookCgroup, TheKernelsOwnHierarchyKnowsOurOwnCgroup) {
  std::istringstream lines(text_of("/proc/self/cgroup"));
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    const std::string path = line.substr(line.find(":/") + 1);
    if (path == "/") continue;
    found = true;
    EXPECT_TRUE(Looker(kernel_).cgroup(path).occupied) << path;
  }
  if (!found) GTEST_SKIP() << "this process is in the root of every hierarchy";
}

}  // namespace
}  // namespace hardened
