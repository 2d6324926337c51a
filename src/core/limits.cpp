// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/limits.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "hardened/core/document.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kDefaultWeight =
    100;  // cpu.weight that the kernel gives where 1024 shares are meant
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kSizes = "KMGTPEkmgtpe";  // suffixes of a size in a cgroup file

std::string at_key(const ResourcesAt& at, std::string_view pointer) {
  return std::string(at.pointer) + std::string(pointer);
}

// A value as a cgroup file takes it: digits, or "max". Nothing else: the kernel reads 010 as octal,
// 0x10 as hexadecimal and skips blanks, and two readers of such a value would not agree. nullopt:
// not understood.
std::optional<std::int64_t> cgroup_number(std::string_view text, std::string_view suffixes) {
  if (text == "max") return kUnlimited;
  int shift = 0;
  if (!text.empty()) {
    const std::size_t suffix = suffixes.find(text.back());
    if (suffix != std::string_view::npos) {
      shift = 10 * (static_cast<int>(suffix % 6) + 1);
      text.remove_suffix(1);
    }
  }
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const std::int64_t number = std::stoll(std::string(text));
  return number > (kUnlimited >> shift) ? kUnlimited : number << shift;
}

// The keys of `unified` that begin with `prefix`, and what each asks for.
template <typename Judge>
void each_unified(Draft& draft, const ResourcesAt& at, std::string_view prefix, Judge judge) {
  const std::string pointer = at_key(at, "/unified");
  const Json unified = find_object(draft.document(), pointer);
  for (const auto& [key, value] : unified.items()) {
    if (!key.starts_with(prefix)) continue;
    const std::string member = join(pointer, key);
    if (const auto text = find_string(draft.document(), member)) judge(key, member, *text);
  }
}

struct UnifiedBound {
  std::int64_t maximum;
  std::string_view suffixes;  // that the kernel understands after the number
  std::string_view reason;
  std::string_view mode;  // the rule's: no other setting allows what is not understood
};

void bound_unified(Draft& draft, const std::string& member, const std::string& text,
                   const UnifiedBound& bound) {
  const auto asked = cgroup_number(text, bound.suffixes);
  if (!asked) {
    draft.refuse(member, "\"" + printable(text, 40) + "\", which is neither a number nor max",
                 bound.mode);
  } else if (*asked > bound.maximum) {
    draft.set(member, std::to_string(bound.maximum), bound.reason);
  }
}

void refuse_key(Draft& draft, const std::string& key, const std::string& member,
                std::string_view setting) {
  draft.refuse(member, "the cgroup file " + printable(key, 60), setting);
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view key) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

constexpr std::string_view kLastWriter =
    "runc writes unified last, it would override the typed limit";
constexpr std::string_view kFairDisks = "no weight above the others' on a disk";

void limit_unified_pids(Draft& draft, const ResourcesAt& at, std::int64_t maximum) {
  const std::string_view mode = "rules.pids-limit.mode";
  each_unified(draft, at, "pids.",
               [&](const std::string& key, const std::string& member, const std::string& text) {
                 if (key == "pids.max") {
                   bound_unified(draft, member, text, {maximum, "", kLastWriter, mode});
                 } else {
                   refuse_key(draft, key, member, mode);
                 }
               });
}

// What memory.swap.max may be: the file counts swap alone, the specification's memory.swap counts
// both. Where memory is not named, an update may find it at the most that it can be.
std::int64_t swap_alone(const Draft& draft, const ResourcesAt& at, std::int64_t maximum) {
  const auto typed = [&](std::string_view pointer) {
    const std::int64_t value =
        find_integer(draft.document(), at_key(at, pointer)).value_or(maximum);
    return value > 0 ? std::min(value, maximum) : maximum;
  };
  std::int64_t memory = typed("/memory/limit");
  const auto text = find_string(draft.document(), at_key(at, "/unified/memory.max"));
  if (text) memory = std::min(cgroup_number(*text, kSizes).value_or(maximum), maximum);
  return std::max<std::int64_t>(0, typed("/memory/swap") - memory);
}

// Without a maximum (the host's memory is not known) names and numbers are vetted all the same.
void limit_unified_memory(Draft& draft, const ResourcesAt& at,
                          std::optional<std::int64_t> maximum) {
  // Bounds, and protections: memory.min and memory.low keep pages from everybody else on the host.
  constexpr std::array<std::string_view, 4> kBounded{"memory.max", "memory.swap.max", "memory.min",
                                                     "memory.low"};
  // These only ever make the container's own life harder.
  constexpr std::array<std::string_view, 6> kHarmless{"memory.high",      "memory.swap.high",
                                                      "memory.oom.group", "memory.zswap.max",
                                                      "memory.reclaim",   "memory.zswap.writeback"};
  each_unified(draft, at, "memory.",
               [&](const std::string& key, const std::string& member, const std::string& text) {
                 if (!among(kBounded, key)) {
                   if (!among(kHarmless, key))
                     refuse_key(draft, key, member, "rules.memory-limit.mode");
                 } else {
                   const bool swap = maximum && key == "memory.swap.max";
                   bound_unified(
                       draft, member, text,
                       {swap ? swap_alone(draft, at, *maximum) : maximum.value_or(kUnlimited),
                        kSizes, kLastWriter, "rules.memory-limit.mode"});
                 }
               });
}

void limit_unified_cpu(Draft& draft, const ResourcesAt& at, std::int64_t maximum_weight) {
  constexpr std::array<std::string_view, 6> kHarmless{
      "cpu.max", "cpu.max.burst", "cpu.idle", "cpu.uclamp.max", "cpuset.cpus", "cpuset.mems"};
  const std::string_view mode = "rules.cpu.mode";
  each_unified(draft, at, "cpu",
               [&](const std::string& key, const std::string& member, const std::string& text) {
                 if (key == "cpu.weight") {
                   bound_unified(draft, member, text, {maximum_weight, "", kLastWriter, mode});
                 } else if (key == "cpu.weight.nice") {
                   // -20 is more than eighty times the default weight.
                   if (!cgroup_number(text, ""))
                     draft.refuse(member, "\"" + printable(text, 40) + '"', mode);
                 } else if (!among(kHarmless, key)) {
                   // cpuset.cpus.partition and .exclusive take CPUs away from everybody else.
                   refuse_key(draft, key, member, mode);
                 }
               });
}

// Sets the integer at `pointer` to `maximum` where it is over it or unlimited (negative). Zero
// counts as left out: runc skips it.
void bound_integer(Draft& draft, const std::string& pointer, std::int64_t maximum, LeftOut left_out,
                   std::string_view reason) {
  const std::int64_t asked = find_integer(draft.document(), pointer).value_or(0);
  if (asked == 0 ? left_out == LeftOut::bounded : asked < 0 || asked > maximum) {
    draft.set(pointer, maximum, reason);
  }
}

// memory.swap is memory and swap together. Without swap accounting a value that was not there could
// not be written.
void limit_swap(Draft& draft, const ResourcesAt& at, std::int64_t maximum,
                std::optional<std::int64_t> asked_memory, const HostFacts& host) {
  const std::string swap = at_key(at, "/memory/swap");
  const bool unlimited = asked_memory.value_or(0) < 0;
  // An update to "unlimited" must raise both, or the runtime finds the old swap below the new
  // limit.
  const bool add = host.swap_accounting && (at.left_out == LeftOut::bounded || unlimited);
  const bool left_out = find_integer(draft.document(), swap).value_or(0) == 0;
  const std::int64_t memory = asked_memory.value_or(0);
  if (add && left_out && memory > 0 && memory < maximum / 2) {
    draft.set(swap, 2 * memory, "as much swap as memory where only memory is limited");
    return;
  }
  bound_integer(draft, swap, maximum, add ? LeftOut::bounded : LeftOut::as_it_is,
                "memory and swap together are bounded like memory");
}

// runc does not tell systemd of a container that may swap nothing at all: the next reload of
// systemd or update of the container sets memory.swap.max to "max" (opencontainers/cgroups#74). So
// it may swap one page, which comes out of its memory.
void leave_a_page_of_swap(Draft& draft, const ResourcesAt& at) {
  const std::string limit = at_key(at, "/memory/limit");
  const std::int64_t memory = find_integer(draft.document(), limit).value_or(0);
  if (memory <= kPage || find_integer(draft.document(), at_key(at, "/memory/swap")) != memory) {
    return;
  }
  draft.set(limit, memory - kPage, "a page less than with swap: systemd forgets a swap of nothing");
}

void limit_typed_memory(Draft& draft, const ResourcesAt& at, std::int64_t maximum,
                        const HostFacts& host) {
  const std::string limit = at_key(at, "/memory/limit");
  const auto asked = find_integer(draft.document(), limit);
  const bool swap_alone_counts = host.cgroup_version == 2 && host.swap_accounting;
  bound_integer(draft, limit, swap_alone_counts ? std::max(kPage, maximum - kPage) : maximum,
                at.left_out, "one container must not take all of the host's memory");
  limit_swap(draft, at, maximum, asked, host);
  if (swap_alone_counts) leave_a_page_of_swap(draft, at);
  // memory.low on cgroup v2: pages that nobody else on the host can get back.
  bound_integer(draft, at_key(at, "/memory/reservation"), maximum, LeftOut::as_it_is,
                "a reservation keeps memory from everybody else");
}

// "100", "default 100" or "8:0 100", as io.weight takes them; what is no such weight is refused.
void bound_weight(Draft& draft, const std::string& member, const std::string& text,
                  std::int64_t maximum) {
  const std::size_t blank = text.find(' ');
  const std::string_view whose =
      blank == std::string::npos ? std::string_view() : std::string_view(text).substr(0, blank);
  const bool known =
      whose.empty() || whose == "default" ||
      (whose.find_first_not_of("0123456789:") == std::string_view::npos && blank < 24);
  const auto weight = cgroup_number(blank == std::string::npos ? text : text.substr(blank + 1), "");
  if (!known || !weight || *weight == kUnlimited) {
    draft.refuse(member, "\"" + printable(text, 40) + "\", which is no weight",
                 "rules.resources.mode");
  } else if (*weight > maximum) {
    const std::string prefix = blank == std::string::npos ? "" : text.substr(0, blank + 1);
    draft.set(member, prefix + std::to_string(maximum), kFairDisks);
  }
}

// What a container may never turn against others. Files that are named here only ever limit:
// without them there is no limit at all.
void limit_unified_others(Draft& draft, const ResourcesAt& at, const Json& settings) {
  const std::vector<std::string> allowed = find_strings(settings, "/allowed_files");
  const auto weight = settings.at("block_io_weight").get<std::int64_t>();
  const auto limits = [](const std::string& key) {
    return key == "io.max" || key == "rdma.max" || key == "misc.max" ||
           (key.starts_with("hugetlb.") && key.ends_with(".max"));
  };
  each_unified(
      draft, at, "",
      [&](const std::string& key, const std::string& member, const std::string& text) {
        if (key.starts_with("pids.") || key.starts_with("memory.") || key.starts_with("cpu.") ||
            key.starts_with("cpuset.")) {
          return;
        }
        const bool name = key.find('/') == std::string::npos;  // else another cgroup's file
        if (name && (key == "io.weight" || key == "io.bfq.weight")) {
          bound_weight(draft, member, text, weight);
        } else if (name && key == "io.prio.class") {
          // The other classes put the container's requests before everybody else's.
          if (text != "no-change" && text != "restrict-to-be" && text != "idle")
            draft.refuse(member, "the io class " + printable(text, 40), "rules.resources.mode");
        } else if (!name || (!limits(key) &&
                             std::find(allowed.begin(), allowed.end(), key) == allowed.end())) {
          // cgroup.procs moves processes, io.latency throttles the neighbours, and so on.
          refuse_key(draft, key, member,
                     name ? "rules.resources.allowed_files" : "rules.resources.mode");
        }
      });
}

}  // namespace

ResourcesAt created(Draft& draft, const HostFacts& host, std::string_view controller) {
  constexpr std::string_view kResources = "/linux/resources";
  const std::vector<std::string>& missing = host.missing_controllers;
  if (std::find(missing.begin(), missing.end(), controller) == missing.end()) {
    return {kResources, LeftOut::bounded};
  }
  draft.degrade(kResources,
                "no limit of " + std::string(controller) +
                    " is added: the engine runs without root, and no cgroup was delegated to it");
  return {kResources, LeftOut::as_it_is};
}

void limit_others(Draft& draft, const ResourcesAt& at, const Json& settings) {
  const auto maximum = settings.at("block_io_weight").get<std::int64_t>();
  for (const char* key : {"/blockIO/weight", "/blockIO/leafWeight"}) {
    bound_integer(draft, at_key(at, key), maximum, LeftOut::as_it_is, kFairDisks);
  }
  const std::string devices = at_key(at, "/blockIO/weightDevice");
  for (std::size_t index = 0; index < find_array(draft.document(), devices).size(); ++index) {
    for (const char* key : {"weight", "leafWeight"}) {
      bound_integer(draft, join(join(devices, index), key), maximum, LeftOut::as_it_is, kFairDisks);
    }
  }
  limit_unified_others(draft, at, settings);
}

void limit_pids(Draft& draft, const ResourcesAt& at, const Json& settings) {
  const std::int64_t maximum = settings.at("limit").get<std::int64_t>();
  const std::string pointer = at_key(at, "/pids/limit");
  // 0 is "unlimited" to some runtimes, "as it was" to others.
  const bool named = find_integer(draft.document(), pointer).has_value();
  bound_integer(draft, pointer, maximum, named ? LeftOut::bounded : at.left_out,
                "a fork bomb takes the host's process table");
  limit_unified_pids(draft, at, maximum);
}

std::optional<std::int64_t> memory_maximum(const Json& settings, const HostFacts& host) {
  const auto bytes = settings.at("bytes").get<std::int64_t>();
  if (bytes > 0) return bytes;
  const auto percent = settings.at("host_percent").get<std::uint64_t>();
  const std::uint64_t share = host.memory_bytes / 100 * percent;
  if (share < static_cast<std::uint64_t>(kPage)) return std::nullopt;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(share, kUnlimited) / kPage * kPage);
}

void limit_memory(Draft& draft, const ResourcesAt& at, const Json& settings,
                  const HostFacts& host) {
  const auto maximum = memory_maximum(settings, host);
  if (maximum) {
    limit_typed_memory(draft, at, *maximum, host);
  } else {
    draft.unverified("memory-limit: the host's memory size is not known");
  }
  limit_unified_memory(draft, at, maximum);
  const std::string no_killer = at_key(at, "/memory/disableOOMKiller");
  // Processes at the limit would sleep in the kernel for good, holding its locks, and cannot be
  // killed.
  if (find_boolean(draft.document(), no_killer).value_or(false)) {
    draft.set(no_killer, false, "a container at its limit must not hang in the kernel");
  }
}

std::int64_t shares_maximum(const Json& settings, const HostFacts& host) {
  return settings.at("shares").get<std::int64_t>() * std::max<std::int64_t>(1, host.cpus);
}

void limit_cpu(Draft& draft, const ResourcesAt& at, const Json& settings, const HostFacts& host) {
  const std::string shares = at_key(at, "/cpu/shares");
  const std::int64_t asked = find_integer(draft.document(), shares).value_or(0);
  if (asked == 0 && at.left_out == LeftOut::bounded) {
    draft.set(shares, settings.at("shares"),
              "a weight of its own, so that containers share fairly");
  } else {
    bound_integer(draft, shares, shares_maximum(settings, host), LeftOut::as_it_is,
                  "no weight above that of the whole machine");
  }
  const std::string realtime = at_key(at, "/cpu/realtimeRuntime");
  // A real-time task that never sleeps starves everything of lower priority on its CPU.
  if (settings.at("realtime") == "refuse" &&
      find_integer(draft.document(), realtime).value_or(0) != 0) {
    draft.refuse(realtime, "real-time CPU time", "rules.cpu.realtime");
  }
  limit_unified_cpu(draft, at, kDefaultWeight * std::max<std::int64_t>(1, host.cpus));
}

}  // namespace hardened
