// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/id_map.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {

IdMaps maps_of(const IdRange& range) {
  const std::vector<IdMapping> map{{0, range.first, range.size}};
  return {map, map};
}

std::optional<std::uint32_t> host_id(const std::vector<IdMapping>& map, std::uint32_t container) {
  for (const IdMapping& mapping : map) {
    if (container >= mapping.container && container - mapping.container < mapping.size) {
      return mapping.host + (container - mapping.container);
    }
  }
  return std::nullopt;
}

bool overlap(const std::vector<IdMapping>& map, const IdRange& range) {
  const std::uint64_t end = std::uint64_t{range.first} + range.size;
  return std::any_of(map.begin(), map.end(), [&](const IdMapping& mapping) {
    return mapping.host < end && range.first < std::uint64_t{mapping.host} + mapping.size;
  });
}

IdRange id_pool(const Json& settings) {
  const auto number = [&](std::string_view pointer) {
    return static_cast<std::uint32_t>(find_integer(settings, pointer).value_or(0));
  };
  return {number("/pool/first_id"), number("/pool/size")};
}

IdRange first_range(const Json& settings) {
  const auto size = static_cast<std::uint32_t>(find_integer(settings, "/range_size").value_or(0));
  const IdRange pool = id_pool(settings);
  return size <= pool.size ? IdRange{pool.first, size} : IdRange{};
}

std::string id_map_text(const std::vector<IdMapping>& map) {
  std::string text;
  for (const IdMapping& mapping : map) {
    text += std::to_string(mapping.container) + ' ' + std::to_string(mapping.host) + ' ' +
            std::to_string(mapping.size) + '\n';
  }
  return text;
}

std::vector<IdMapping> parse_id_map(std::string_view text) {
  std::vector<IdMapping> map;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    IdMapping mapping;
    std::string rest;
    if (!(fields >> mapping.container >> mapping.host >> mapping.size) || fields >> rest) {
      throw Error(ErrorKind::invalid_input, "not an id mapping: " + printable(line));
    }
    map.push_back(mapping);
  }
  return map;
}

Json to_json(const std::vector<IdMapping>& map) {
  Json list = Json::array();
  for (const IdMapping& mapping : map) {
    list.push_back(Json::object(
        {{"containerID", mapping.container}, {"hostID", mapping.host}, {"size", mapping.size}}));
  }
  return list;
}

std::vector<IdMapping> id_map_from_json(const Json& list) {
  std::vector<IdMapping> map;
  for (const Json& entry : list) {
    const std::int64_t container = find_integer(entry, "/containerID").value_or(-1);
    const std::int64_t host = find_integer(entry, "/hostID").value_or(-1);
    const std::int64_t size = find_integer(entry, "/size").value_or(-1);
    const auto fits = [](std::int64_t number) { return std::in_range<std::uint32_t>(number); };
    if (!fits(container) || !fits(host) || !fits(size)) continue;
    map.push_back({static_cast<std::uint32_t>(container), static_cast<std::uint32_t>(host),
                   static_cast<std::uint32_t>(size)});
  }
  return map;
}

IdMaps maps_in(const Json& object) {
  return {id_map_from_json(find_array(object, "/uidMappings")),
          id_map_from_json(find_array(object, "/gidMappings"))};
}

bool fits_a_range(std::int64_t id) {
  constexpr std::int64_t kLargest = 16777216;  // the schema's maximum
  return id >= 0 && id < kLargest;
}

bool maps_id(const Json& list, std::int64_t id) {
  return list.empty() || std::any_of(list.begin(), list.end(), [&](const Json& mapping) {
           const std::int64_t first = find_integer(mapping, "/containerID").value_or(0);
           return id >= first && id - first < find_integer(mapping, "/size").value_or(0);
         });
}

std::string mapped_ids(const Json& list) {
  std::string text;
  for (const IdMapping& mapping : id_map_from_json(list)) {
    const std::uint64_t last = std::uint64_t{mapping.container} + mapping.size - 1;
    text += (text.empty() ? "" : ", ") + std::to_string(mapping.container) + " to " +
            std::to_string(last);
  }
  return text;
}

}  // namespace hardened
