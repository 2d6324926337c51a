// SPDX-License-Identifier: Apache-2.0
// The arithmetic of cgroup limits, one piece for create's rules and for update: a resources object
// comes down to the profile's bounds, typed fields and `unified` alike. Refuses `unified` keys and
// values that it cannot bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {

// create bounds what the document leaves out; update leaves it as it is in the running container.
enum class LeftOut { bounded, as_it_is };

// The resources object, wherever it stands: `pointer` is "/linux/resources" in a config, "" in an
// update document.
struct ResourcesAt {
  std::string_view pointer;
  LeftOut left_out;
};

// As create has it. Where the caller can make no cgroup of that controller a limit of ours would
// stop the container from starting: none is added, and a line of `degrade` says so; what the
// document asks for is bounded all the same.
ResourcesAt created(Draft& draft, const HostFacts& host, std::string_view controller);

// Settings are the rule's own: pids-limit {limit}, memory-limit {host_percent, bytes}, cpu {shares,
// realtime}. Each has the files of its controllers in `unified`, and refuses those that it does not
// know.
void limit_pids(Draft& draft, const ResourcesAt& at, const Json& settings);
// Without the host's memory size and without `bytes` no amount is bounded and a line of
// `unverified` says so.
void limit_memory(Draft& draft, const ResourcesAt& at, const Json& settings, const HostFacts& host);
void limit_cpu(Draft& draft, const ResourcesAt& at, const Json& settings, const HostFacts& host);
// resources {block_io_weight, allowed_files}: weights on disks, and every file of `unified` that is
// none of the other rules': cgroup.procs would move processes.
void limit_others(Draft& draft, const ResourcesAt& at, const Json& settings);

// Bytes: memory-limit.bytes, or else host_percent of the host's memory, in whole pages; nullopt:
// not known. The bound of memory.limit, and of memory and swap together (memory.swap in the
// specification's sense).
std::optional<std::int64_t> memory_maximum(const Json& settings, const HostFacts& host);
// cpu.shares per CPU of the host: nobody's weight counts for more than the whole machine.
std::int64_t shares_maximum(const Json& settings, const HostFacts& host);

}  // namespace hardened
