// SPDX-License-Identifier: Apache-2.0
// Which container has which host ids for itself: <state>/ids/<n>.json for the 65536 ids from
// n * 65536 on, with its holders. Refuses when none are left; never gives ids to two.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "hardened/core/id_map.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/liveness.hpp"

namespace hardened {

// Where ranges are taken from. Ids that /etc/subuid or /etc/subgid give to somebody are left out.
struct IdPool {
  IdRange ids;
  std::uint32_t range_size = 65536;
};

IdPool id_pool(const Profile& profile);

// All that somebody holds, living or not: whole blocks of 65536. Read-only, without the lock.
std::vector<IdRange> leased_ids(Kernel& kernel, const Environment& environment);

// One container's hold on ids. execve outlives it: then it stays until the container is gone, that
// is its creator (pid and start time), what the runtime keeps of it, and every process in a user
// namespace with these ids. Where execve does not come, the destructor ends it. What dead
// containers held is reclaimed by the next one's take().
class IdLease {
 public:
  IdLease(Kernel& kernel, const Environment& environment, ContainerKey key);
  ~IdLease();
  IdLease(const IdLease&) = delete;
  IdLease& operator=(const IdLease&) = delete;

  // A range that nobody else holds: the same one again for a container that is started again, if it
  // is still free. One look at the processes of the host is all that its cost grows with. A size
  // of 0: the pool has none left.
  IdRange take(const IdPool& pool);

  // A document may bring ids of its own, also where the policy leaves its user namespace alone, but
  // none of a pool (Profile::pools), and none that a living container was given, from whatever pool
  // it was. Throws Error(refused).
  void require_not_ours(const IdMaps& maps, const std::vector<IdRange>& pools);

  // Holds what `maps` map and nothing else: what take() gave, or the ids of another container whose
  // user namespace is joined, which then stay leased after that other is gone. nullopt: nothing.
  void hold_only(const std::optional<IdMaps>& maps);

 private:
  Kernel& kernel_;
  const Environment& environment_;
  ContainerKey key_;
  Process self_;
  std::set<std::uint32_t> held_;  // by number: the ids from n * 65536 on
};

}  // namespace hardened
