// SPDX-License-Identifier: Apache-2.0
// Who else on the host has ids: accounts, subordinate ranges, systemd, processes.
#include <algorithm>
#include <sstream>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/id_lease.hpp"
#include "hardened/shell/liveness.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

// https://systemd.io/UIDS-GIDS/
constexpr IdRange kNspawn{0x00080000, 0x70000000U - 0x00080000U};
constexpr IdRange kForeign{0x7FFE0000, 0x00010000};

void add_subordinate(Kernel& kernel, const std::string& path, Observation& seen) {
  try {
    for (const std::string& line : split(read_small_file(kernel, path).value_or(""), '\n')) {
      std::istringstream fields(line.substr(std::min(line.find(':'), line.size())));
      char colon = 0;
      IdRange range;
      if (!(fields >> colon >> range.first >> colon >> range.size)) continue;
      seen.claims.push_back(
          {IdClaim::Kind::subordinate, line.substr(0, line.find(':')) + " in " + path, range});
    }
  } catch (const Error& error) {
    seen.claims_error.push_back(error.what());
  }
}

bool inside(const IdRange& range, const std::vector<IdRange>& leased) {
  // A lease is of whole blocks; a container's map may begin and end within.
  return std::ranges::any_of(leased, [&](const IdRange& lease) {
    return range.first >= lease.first && range.first - lease.first < lease.size;
  });
}

void add_processes(Kernel& kernel, const Environment& environment, Observation& seen) {
  try {
    const std::vector<IdRange> leased = leased_ids(kernel, environment);
    for (const IdRange& range : ids_in_use(kernel)) {
      if (inside(range, leased)) continue;
      seen.claims.push_back({IdClaim::Kind::process, "a process in a user namespace", range});
    }
  } catch (const Error& error) {
    seen.claims_error.push_back(error.what());
  }
}

}  // namespace

void probe_ids(Kernel& kernel, const Environment& environment, const Accounts& accounts,
               Observation& seen) {
  seen.claims_error = accounts.unread;
  for (const Accounts::User& user : accounts.users) {
    seen.claims.push_back({IdClaim::Kind::account, "user " + user.name, {user.id, 1}});
  }
  for (const Accounts::Group& group : accounts.groups) {
    seen.claims.push_back({IdClaim::Kind::account, "group " + group.name, {group.id, 1}});
  }
  add_subordinate(kernel, "/etc/subuid", seen);
  add_subordinate(kernel, "/etc/subgid", seen);
  if (exists(kernel, "/run/systemd/system")) {
    seen.claims.push_back({IdClaim::Kind::system, "systemd-nspawn --private-users=pick", kNspawn});
    seen.claims.push_back({IdClaim::Kind::system, "systemd's foreign ids", kForeign});
  }
  add_processes(kernel, environment, seen);
}

}  // namespace hardened
