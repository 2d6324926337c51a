// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/id_mappings.hpp"

#include <string>
#include <vector>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

constexpr std::int64_t kIds = 4294967295;  // (uid_t)-1 is no id

struct Range {
  std::int64_t container = 0;
  std::int64_t host = 0;
  std::int64_t size = 0;
};

bool fits(std::int64_t first, std::int64_t size) {
  return first >= 0 && first < kIds && size > 0 && size <= kIds - first;
}

bool overlap(std::int64_t first, std::int64_t size, std::int64_t other, std::int64_t other_size) {
  return first < other + other_size && other < first + size;
}

std::string text_of(const Range& range) {
  return std::to_string(range.host) + " to " + std::to_string(range.host + range.size - 1);
}

// Host root, or the ids of the host's own users and services, inside a container: what escapes is
// then one of them.
void vet_host_ids(Draft& draft, const std::string& pointer, const Range& range,
                  const RuleInput& input) {
  // Below a rootless engine the ids of our own namespace are an ordinary user's, 0 included.
  if (!input.facts.host.initial_user_namespace) return;
  const std::int64_t lowest = find_integer(input.settings, "/lowest_host_id").value_or(0);
  const bool host_root = range.host == 0;
  if (host_root && !find_boolean(input.settings, "/allow_host_root").value_or(false)) {
    draft.refuse(join(pointer, "hostID"), "a mapping to the host's root",
                 "rules.user-namespace.allow_host_root");
  } else if (range.host < lowest && !(host_root && range.size == 1)) {
    draft.refuse(join(pointer, "hostID"),
                 "the host's ids " + text_of(range) + ", some below " + std::to_string(lowest),
                 "rules.user-namespace.lowest_host_id");
  }
}

void vet_mappings(Draft& draft, std::string_view list, const RuleInput& input) {
  std::vector<Range> seen;
  const Json& mappings = find_array(draft.document(), list);
  for (std::size_t index = 0; index < mappings.size(); ++index) {
    const std::string pointer = join(list, index);
    const auto number = [&](std::string_view field) {
      return find_integer(draft.document(), join(pointer, field)).value_or(0);
    };
    const Range range{number("containerID"), number("hostID"), number("size")};
    if (!fits(range.container, range.size) || !fits(range.host, range.size)) {
      draft.refuse(pointer, "a mapping that is empty or beyond the kernel's ids",
                   "rules.user-namespace.mode", "user_namespaces(7)");
      continue;
    }
    vet_host_ids(draft, pointer, range, input);
    for (const Range& other : seen) {
      if (overlap(range.container, range.size, other.container, other.size) ||
          overlap(range.host, range.size, other.host, other.size)) {
        draft.refuse(pointer, "a mapping that overlaps another", "rules.user-namespace.mode",
                     "user_namespaces(7)");
        break;
      }
    }
    seen.push_back(range);
  }
}

}  // namespace

void vet_id_mappings(Draft& draft, const RuleInput& input) {
  vet_mappings(draft, "/linux/uidMappings", input);
  vet_mappings(draft, "/linux/gidMappings", input);
}

}  // namespace hardened
