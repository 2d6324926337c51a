// SPDX-License-Identifier: Apache-2.0
// Ids of a container and the ids of the host behind them, as user_namespaces(7) has them. Refuses
// text that the kernel would not have written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

// Host ids [first, first + size) that one container has for itself.
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
  bool operator==(const IdRange&) const = default;
};

// One line of /proc/PID/uid_map, one element of linux.uidMappings.
struct IdMapping {
  std::uint32_t container = 0;
  std::uint32_t host = 0;
  std::uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

struct IdMaps {
  std::vector<IdMapping> users;
  std::vector<IdMapping> groups;
  bool operator==(const IdMaps&) const = default;
};

// Container ids from 0 on, users and groups alike.
IdMaps maps_of(const IdRange& range);

// nullopt: no host id stands behind it.
std::optional<std::uint32_t> host_id(const std::vector<IdMapping>& map, std::uint32_t container);

// Whether they share a host id.
bool overlap(const std::vector<IdMapping>& map, const IdRange& range);

// As the policy has them (settings of the rule user-namespace): all the ids that may be given away,
// and the first range of these.
IdRange id_pool(const Json& settings);
IdRange first_range(const Json& settings);

// "0 1879048192 65536\n", as uid_map is written.
std::string id_map_text(const std::vector<IdMapping>& map);
// Throws Error(invalid_input).
std::vector<IdMapping> parse_id_map(std::string_view text);

// As in linux.uidMappings: [{"containerID": 0, "hostID": 1879048192, "size": 65536}].
Json to_json(const std::vector<IdMapping>& map);
// What of such a list the kernel could take; the rest is left out.
std::vector<IdMapping> id_map_from_json(const Json& list);

// Both lists of an object that has them as config.json's "linux" does.
IdMaps maps_in(const Json& object);

// Whether a range that the policy may set (rules.user-namespace.range_size) could hold it.
bool fits_a_range(std::int64_t id);

// Of such a list as a document has it. An empty one is no user namespace: every id is mapped.
bool maps_id(const Json& list, std::int64_t id);
std::string mapped_ids(const Json& list);  // "0 to 65535", for people

}  // namespace hardened
