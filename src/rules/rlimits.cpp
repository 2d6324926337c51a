// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kRlimits = "/process/rlimits";
constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct Bound {
  std::string_view type;
  std::string_view setting;
  // Written even where the caller's own limit is low enough: what exec is held to is read from the
  // document.
  bool always;
  std::string_view reason;
};
constexpr std::array kBounds = {
    Bound{"RLIMIT_CORE", "/core", true,
          "core dumps hold secrets and reach the host's core_pattern"},
    Bound{"RLIMIT_NOFILE", "/nofile", true, "open files are memory of the host's kernel"},
    Bound{"RLIMIT_NPROC", "/nproc", true, "a second limit to fork bombs, per user"},
    Bound{"RLIMIT_RTPRIO", "/rtprio", false, "real-time threads starve the host's processors"},
    Bound{"RLIMIT_NICE", "/nice", false, "other containers' share of the processors"},
    Bound{"RLIMIT_MEMLOCK", "/memlock", false, "memory that the host can never take back"},
    Bound{"RLIMIT_MSGQUEUE", "/msgqueue", false, "queues are memory of the host's kernel"},
    Bound{"RLIMIT_SIGPENDING", "/sigpending", false, "signals wait in memory of the host's kernel"},
};

// Unsigned beyond find_integer's reach: 2^64-1 is no limit. A negative one is refused by runc; a C
// runtime would read it as no limit.
std::uint64_t number(const Json& limit, std::string_view field) {
  const Json* value = find(limit, field);
  if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
  const std::int64_t integer = find_integer(limit, field).value_or(0);
  return integer < 0 ? kUnlimited : static_cast<std::uint64_t>(integer);
}

std::uint64_t setting_of(const Bound& bound, const Json& settings) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, find_integer(settings, bound.setting).value_or(0)));
}

void lower(Draft& draft, const std::string& pointer, const Bound& bound, std::uint64_t most) {
  const Json limit = *find(draft.document(), pointer);
  const std::uint64_t hard = std::min(number(limit, "/hard"), most);
  if (number(limit, "/hard") != hard) draft.set(join(pointer, "hard"), hard, bound.reason);
  if (number(limit, "/soft") > hard) draft.set(join(pointer, "soft"), hard, bound.reason);
}

// The document says nothing, so the container would inherit the engine's own limit, often none.
// Never above what the caller has: without CAP_SYS_RESOURCE that fails, and with it that would be a
// gift.
void add(Draft& draft, const RuleInput& input, const Bound& bound, std::uint64_t most) {
  ResourceLimit limit{most, most};
  const auto own = input.facts.host.resource_limits.find(std::string(bound.type));
  const bool known = own != input.facts.host.resource_limits.end();
  if (known) limit = {std::min(own->second.soft, most), std::min(own->second.hard, most)};
  if (!bound.always && (!known || own->second.hard <= most)) return;
  if (find(draft.document(), kRlimits) == nullptr) draft.set(kRlimits, Json::array(), bound.reason);
  draft.set(join(kRlimits, "-"), {{"type", bound.type}, {"hard", limit.hard}, {"soft", limit.soft}},
            bound.reason);
  if (!known && most != 0) draft.unverified("the caller's own " + std::string(bound.type));
}

void bound_limit(Draft& draft, const RuleInput& input, const Bound& bound) {
  const std::uint64_t most = setting_of(bound, input.settings);
  const std::size_t count = find_array(draft.document(), kRlimits).size();
  bool present = false;
  // Each of several entries of one type: which of them counts is the runtime's choice.
  for (std::size_t index = 0; index < count; ++index) {
    const std::string pointer = join(kRlimits, index);
    if (find_string(draft.document(), join(pointer, "type")) != bound.type) continue;
    present = true;
    lower(draft, pointer, bound, most);
  }
  if (!present) add(draft, input, bound, most);
}

// A name that only some runtime understands could be one of the bounded limits.
void refuse_unknown(Draft& draft) {
  constexpr std::array<std::string_view, 16> kKnown = {
      "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
      "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
      "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
      "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};
  const Json& limits = find_array(draft.document(), kRlimits);
  for (std::size_t index = 0; index < limits.size(); ++index) {
    const std::string type = find_string(limits, join(join("", index), "type")).value_or("");
    if (std::find(kKnown.begin(), kKnown.end(), type) == kKnown.end()) {
      draft.refuse(join(join(kRlimits, index), "type"),
                   "the unknown limit \"" + printable(type, 40) + '"', "rules.rlimits.mode",
                   "runtime-spec config.md#posix-process");
    }
  }
}

void apply(Draft& draft, const RuleInput& input) {
  if (find(draft.document(), "/process") == nullptr) return;
  refuse_unknown(draft);
  for (const Bound& bound : kBounds) bound_limit(draft, input, bound);
}

}  // namespace

extern const Rule rlimits_rule;
const Rule rlimits_rule{"rlimits",
                        "host memory, processes and secrets through unbounded process limits",
                        "CIS 5.19", apply, "nofile"};

}  // namespace hardened
