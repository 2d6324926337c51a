// SPDX-License-Identifier: Apache-2.0
// The user namespace that owns a namespace of a process, by a name and with its maps; and the maps
// of one that a bind mount keeps.
#include <fcntl.h>

#include <algorithm>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestMap = 64U << 10;  // 340 lines

// "/proc/77" of "/proc/77/ns/net".
std::optional<std::string> process_of(const std::string& path) {
  const std::vector<std::string> parts = path_components(path);
  if (parts.size() != 4 || parts[0] != "proc" || parts[2] != "ns" ||
      !std::all_of(parts[1].begin(), parts[1].end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return "/proc/" + parts[1];
}

}  // namespace

std::optional<Descriptor> Looker::owner(const std::string& path, NamespaceFact& fact) try {
  const std::optional<std::string> name = process_of(path);
  const bool itself = fact.type == "user";
  if (!name || !initial_user_namespace_ || fact.host || (!itself && fact.host_owned)) {
    return std::nullopt;
  }
  // One directory: it stays that process's when its number is given to another.
  const std::optional<Descriptor> process =
      open(kWorkingDirectory, *name, O_PATH | O_DIRECTORY, Walk::no_links);
  if (!process) return std::nullopt;
  const auto map = [&](const std::string& file) {
    const Descriptor opened =
        kernel_.open(process->number(), file, O_RDONLY, Walk::beneath_no_links);
    return parse_id_map(kernel_.read_all(opened.number(), kLongestMap));
  };
  const IdMaps maps{map("uid_map"), map("gid_map")};
  // After the maps: a process can leave for a user namespace of its own making meanwhile, and then
  // never comes back to this one.
  std::optional<Descriptor> user = open(process->number(), "ns/user", O_PATH, Walk::follow);
  if (!user) return std::nullopt;
  if (identity(user->number()) != (itself ? fact.identity : fact.owner)) return std::nullopt;
  fact.owner_path = *name + "/ns/user";
  fact.owner_maps = maps;
  return user;
} catch (const Error&) {
  return std::nullopt;  // gone meanwhile, or not ours to look at: then nothing names its owner
}

void Looker::state_maps_of_pinned(int descriptor, const std::string& path,
                                  NamespaceFact& fact) try {
  if (fact.type != "user" || fact.host || !initial_user_namespace_ || process_of(path)) return;
  const Descriptor opened = kernel_.open(
      kWorkingDirectory, "/proc/self/fd/" + std::to_string(descriptor), O_RDONLY, Walk::follow);
  const auto [users, groups] = kernel_.id_maps_of(opened.number());
  fact.owner_maps = IdMaps{parse_id_map(users), parse_id_map(groups)};
  fact.owner_path = path;
} catch (const Error&) {
  // Then nothing tells its ids, and the rule refuses.
}

}  // namespace hardened
