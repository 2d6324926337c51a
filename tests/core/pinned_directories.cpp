// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/pinned_directories.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

using Strings = std::vector<std::string>;

Strings pinned(std::string_view document, const Facts& facts = {}) {
  return pinned_directories(parse_document(document), facts);
}

TEST(PinnedDirectories, AreTheWorkingDirectoryAndWhatMountsStandIn) {
  EXPECT_EQ(pinned(R"({"process": {"cwd": "/var/www"}, "mounts": [
      {"destination": "/proc"}, {"destination": "/dev"}, {"destination": "/dev/pts"},
      {"destination": "/etc/hosts"}, {"destination": "/etc/hostname"}, {"destination": "/opt/a/b"}]})"),
            (Strings{"/etc", "/opt/a", "/var/www"}));
  EXPECT_EQ(pinned(R"({"process": {"cwd": "/"}})"), Strings{});
}

TEST(PinnedDirectories, LeaveOutWhatMountsCoverAndWhatLeadsElsewhere) {
  EXPECT_EQ(pinned(R"({"process": {"cwd": "/data/sub"}, "mounts": [{"destination": "/data"}]})"),
            Strings{});
  EXPECT_EQ(pinned(R"({"process": {"cwd": "/a/../.."}, "mounts": [{"destination": "/../b/c"}]})"),
            Strings{});
  Facts facts;
  facts.destinations["/link/x"] = {Sight::seen, {"/real/x"}, false};
  EXPECT_EQ(pinned(R"({"mounts": [{"destination": "/link/x"}]})", facts), Strings{"/real"});
}

TEST(PinnedDirectories, KeepThoseOfTheRootfsThatAreBoundOnThemselves) {
  Facts facts;
  facts.root.sight = Sight::seen;
  facts.root.path = "/r";
  EXPECT_EQ(pinned(R"({"process": {"cwd": "/var/www"}, "mounts": [
      {"destination": "/var", "type": "bind", "source": "/r/var"}]})",
                   facts),
            Strings{"/var/www"});
}

}  // namespace
}  // namespace hardened
