// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/id_map.hpp"

#include <sstream>

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

}  // namespace hardened
