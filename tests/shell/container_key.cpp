// SPDX-License-Identifier: Apache-2.0
// Where a runtime keeps a container when no --root says so: another place would be another
// container's, and its record would not be found.
#include "hardened/shell/container_key.hpp"

#include <gtest/gtest.h>

#include "fake_kernel.hpp"
#include "hardened/core/invocation.hpp"

namespace hardened {
namespace {

class DefaultRoot : public ::testing::Test {
 protected:
  std::string root_under(const std::string& runtime) {
    const Invocation invocation = Invocation::parse({"exec", "c1", "true"});
    return container_key(kernel, environment, invocation, runtime).root;
  }

  FakeKernel kernel;
  Environment environment;
};

TEST_F(DefaultRoot, IsBelowRunForRoot) {
  EXPECT_EQ(root_under("/usr/sbin/runc"), "/run/runc");
  EXPECT_EQ(root_under("/usr/bin/crun"), "/run/crun");
}

TEST_F(DefaultRoot, OfRuncIsTheUsersOwnForOtherUsers) {
  environment.runtime_directory = "/run/user/7";
  environment.user = "someone";
  EXPECT_EQ(root_under("/usr/sbin/runc"), "/run/runc") << "root of the host, whatever it is called";
  environment.root = false;
  EXPECT_EQ(root_under("/usr/sbin/runc"), "/run/user/7/runc");
  environment.runtime_directory.clear();
  EXPECT_EQ(root_under("/usr/sbin/runc"), "/run/runc");
}

TEST_F(DefaultRoot, OfCrunIsWhereverTheVariableSays) {
  environment.runtime_directory = "/run/user/7";
  EXPECT_EQ(root_under("/usr/bin/crun"), "/run/user/7/crun");
}

}  // namespace
}  // namespace hardened
