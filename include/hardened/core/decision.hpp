// SPDX-License-Identifier: Apache-2.0
// What was decided about one call, and the line of the audit trail that tells it: JSON, in ASCII,
// safe on a terminal and in HTML whatever an image put into the strings. What env, argv and
// annotations hold is never in it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {

// passed: handed to the runtime. refused: by a rule, a document that cannot be read, or a host that
// cannot do what the policy asks. failed: a system call, or the call's own words.
enum class Outcome { passed, refused, failed };

// As far as it came.
struct Decision {
  Operation operation = Operation::forward;
  std::string root;  // the runtime's state directory: with the id it names a container
  std::string id;
  std::string bundle;
  std::string profile;
  std::string policy;  // the digest of all of it, as policy_digest() gives it
  std::optional<IdMaps> mapping;
  Json changes = Json::array();   // RFC 6902, see patch.hpp
  Json reported = Json::array();  // what rules in report mode would have changed
  std::vector<Refusal> refusals;
  std::vector<Refusal> reported_refusals;
  std::vector<Degradation> degraded;
  std::vector<Degradation> reported_degraded;
};

// The lists of a line. Of one that was left out of, `<list>_left_out` says how many entries.
constexpr std::array<const char*, 6> kTrailLists{
    "changes", "reported", "refusals", "reported_refusals", "degraded", "reported_degraded"};

// Adds what a plan holds; `original` is the document it was made for.
void add_plan(Decision& decision, const Json& original, const Plan& plan);

struct Ending {
  Outcome outcome = Outcome::passed;
  std::string error;    // the line that the engine shows
  std::string pointer;  // into the document, where it is about one
};
Ending ending_of(const Error& error);

// "docker", "cri", "containerd", "podman", "cri-o", "buildkit" or "": by where the engine keeps the
// runtime's state and its bundles. Decides nothing.
std::string engine_of(const std::string& root, const std::string& bundle);

// Tells policies apart, proves nothing.
std::string policy_digest(const Policy& policy);

// All of it: what trail_line() writes, with every value as it is. Secrets are withheld here too.
Json decision_json(const Decision& decision, const Ending& ending, std::uint64_t time,
                   std::uint64_t duration);

// One line with its end. `time`: microseconds since 1970, `duration` likewise. Values of more than
// 4 KiB are told by digest and size unless `whole`; a line of more than 1 MiB has no values,
// and of each list the first 500 and how many were left out.
std::string trail_line(const Decision& decision, const Ending& ending, std::uint64_t time,
                       std::uint64_t duration, bool whole);

// As one line with its end: ASCII, and none of what HTML reads, so that who shows it as it is shows
// no markup and no control characters.
std::string harmless(const Json& json);

// "2026-11-28T06:10:00.123456Z", RFC 3339.
std::string utc_time(std::uint64_t microseconds);

std::string_view name_of(Operation operation);
std::string_view name_of(Outcome outcome);

}  // namespace hardened
