// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::int64_t kNoId = 4294967295;  // (uid_t)-1

// Whether it goes through /proc or a descriptor on its way: "/proc/self/fd/7/../.." ends elsewhere.
bool leaves(std::string_view cwd) {
  constexpr std::array<std::string_view, 5> kLeaving = {"/proc", "/dev/fd", "/dev/stdin",
                                                        "/dev/stdout", "/dev/stderr"};
  std::string way;
  for (const std::string& part : path_components(cwd)) {
    if (part == "..") {
      way.resize(way.empty() ? 0 : way.rfind('/'));
    } else {
      way += '/' + part;
    }
    if (std::find(kLeaving.begin(), kLeaving.end(), way) != kLeaving.end()) return true;
  }
  return false;
}

void refuse_cwd(Draft& draft, const std::string& asked) {
  draft.refuse("/process/cwd", "the working directory " + asked, "rules.process.mode",
               "CVE-2024-21626");
}

// What it is by its text may be a link: of the image (/work -> /proc/self/fd), or in a volume.
void vet_where_cwd_leads(Draft& draft, const Facts& facts, const std::string& cwd) {
  const DestinationFact& fact = facts.working_directory;
  for (const std::string& place : fact.places) {
    if (leaves(place)) {
      return refuse_cwd(draft, printable(cwd, 80) + ", which leads to " + printable(place, 80));
    }
  }
  if (fact.sight == Sight::unseen && facts.root.sight == Sight::seen) {
    draft.unverified("where the working directory " + cwd + " leads");
  }
}

// CVE-2024-21626: a working directory through a descriptor that the runtime left open is a
// directory of the host.
void vet_cwd(Draft& draft, const Facts& facts) {
  const std::optional<std::string> cwd = find_string(draft.document(), "/process/cwd");
  if (!cwd) return;
  if (!cwd->starts_with('/')) {
    draft.refuse("/process/cwd", "the relative working directory \"" + printable(*cwd, 80) + '"',
                 "rules.process.mode", "runtime-spec config.md#process");
  } else if (leaves(*cwd)) {
    refuse_cwd(draft, printable(*cwd, 80) + ", which leads through /proc or a descriptor");
  } else {
    vet_where_cwd_leads(draft, facts, *cwd);
    // A link in the image decides where ".." leads; without it there is nothing to decide.
    if (climbs(*cwd)) {
      draft.set("/process/cwd", lexical_path(*cwd),
                "\"..\" after a link of the image leads anywhere");
    }
  }
}

void vet_id(Draft& draft, const std::string& pointer, std::string_view mappings) {
  const std::int64_t id = find_integer(draft.document(), pointer).value_or(0);
  if (id < 0 || id >= kNoId) {
    // setresuid(2) takes -1 for "leave as it is": root would stay root under another name.
    draft.refuse(pointer, "the id " + std::to_string(id) + ", which the kernel takes for none",
                 "rules.process.mode", "setresuid(2)");
    return;
  }
  const Json& ranges = find_array(draft.document(), mappings);
  if (!maps_id(ranges, id)) {
    draft.refuse(
        pointer,
        "the id " + std::to_string(id) + ", outside the container's own, " + mapped_ids(ranges),
        draft.mapping() && fits_a_range(id) ? "rules.user-namespace.range_size"
                                            : "rules.process.mode",
        "user_namespaces(7)");
  }
}

void vet_user(Draft& draft, const RuleInput& input) {
  vet_id(draft, "/process/user/uid", "/linux/uidMappings");
  vet_id(draft, "/process/user/gid", "/linux/gidMappings");
  const std::size_t groups = find_array(draft.document(), "/process/user/additionalGids").size();
  for (std::size_t index = 0; index < groups; ++index) {
    vet_id(draft, join("/process/user/additionalGids", index), "/linux/gidMappings");
  }
  if (find_string(input.settings, "/root_user") == "refuse" &&
      find_integer(draft.document(), "/process/user/uid").value_or(0) == 0) {
    draft.refuse("/process/user/uid", "root as the container's user", "rules.process.root_user",
                 "CIS 4.1");
  }
}

// A container below the engine's score is spared when memory runs out, and its neighbours and the
// host's services die.
void raise_oom_score(Draft& draft, const RuleInput& input) {
  constexpr std::string_view kPointer = "/process/oomScoreAdj";
  const std::optional<std::int64_t> least = find_integer(input.settings, "/oom_score_adj_min");
  const std::int64_t score =
      find_integer(draft.document(), kPointer).value_or(input.facts.host.oom_score_adj);
  if (least && score < *least) {
    draft.set(kPointer, *least,
              "the container must not outlive the host's services when memory runs out");
  }
}

void apply(Draft& draft, const RuleInput& input) {
  if (find(draft.document(), "/process") == nullptr) return;
  vet_cwd(draft, input.facts);
  vet_user(draft, input);
  raise_oom_score(draft, input);
}

}  // namespace

extern const Rule process_rule;
const Rule process_rule{"process", "escape through the working directory, ids outside the mapping",
                        "CVE-2024-21626, CIS 4.1", apply, "oom_score_adj_min"};

}  // namespace hardened
