// SPDX-License-Identifier: Apache-2.0
// The post-conditions' own tools: what a condition sees and how it fails. Nothing here, and no
// condition, uses a rule's helpers: a mistake in those must not hide itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"

namespace hardened::verifier {

using Strings = std::vector<std::string>;

// What a condition judges: the rewritten document by one rule's settings and what was looked at.
struct Subject {
  const Json& config;
  const Json& settings;
  const Facts& facts;
};

// A device number with an access, as in a cgroup rule or the policy; -1 stands for any.
struct Device {
  std::string type;
  std::int64_t major = -1;
  std::int64_t minor = -1;
  std::string access;
};

[[noreturn]] void fail(std::string_view pointer, std::string_view what);
[[noreturn]] void weaker(std::string_view pointer, std::string_view what);

inline bool contains(const Strings& strings, std::string_view wanted) {
  return std::find(strings.begin(), strings.end(), wanted) != strings.end();
}

// "refuse" unless the policy says otherwise.
bool refused(const Json& settings, std::string_view setting);
std::string text_at(const Json& document, std::string_view pointer);
// Of rlimits, where 2^64-1 is no limit; what is negative is that too. 0 where absent.
std::uint64_t unsigned_at(const Json& document, std::string_view pointer);
// A cgroup file's value: digits with at most one of KMGTPE behind, or "max" (the greatest number).
// nullopt: neither.
std::optional<std::int64_t> cgroup_value(std::string text);
std::string normal(std::string_view path);
bool at_or_below(std::string_view path, std::string_view tree);

// The word that counts, the last of its kind: whether `on` holds, by it or its recursive form.
bool effective(const Strings& options, std::string_view on, std::string_view off);
bool binds(const Json& mount);

Device device_of(const Json& entry);
// The nodes that every runtime makes and allows by itself, and pseudo-terminals.
bool default_device(const Device& device);
bool covers(const Device& wide, const Device& narrow);

// Namespaces that are not the host's, by type.
Strings own_namespaces(const Subject& subject);

// `root` is the rootfs as the engine names it.
void mounts_not_weaker(const Json& before, const Json& after, const std::string& root);

// One per rule of the same name.
void annotations(const Subject& subject);
void capabilities(const Subject& subject);
void cgroup(const Subject& subject);
void cpu(const Subject& subject);
void device_directory(const Subject& subject);
void devices(const Subject& subject);
void hooks(const Subject& subject);
void host_namespaces(const Subject& subject);
void lsm(const Subject& subject);
void masked_paths(const Subject& subject);
void memory_limit(const Subject& subject);
void mounts(const Subject& subject);
void no_new_privileges(const Subject& subject);
void pids_limit(const Subject& subject);
void powerful_fields(const Subject& subject);
void privileged(const Subject& subject);
void process(const Subject& subject);
void read_only_rootfs(const Subject& subject);
void resources(const Subject& subject);
void rlimits(const Subject& subject);
void rootfs_shape(const Subject& subject);
void seccomp(const Subject& subject);
void sysctl(const Subject& subject);
void user_namespace(const Subject& subject);

// The cgroup files at `pointer` that `rule` answers for: those with a bound within it, of the rest
// none but what only limits or what is `allowed`.
using Bounds = std::map<std::string, std::int64_t, std::less<>>;
void unified(const Json& document, std::string_view pointer, std::string_view rule,
             const Bounds& bounds, const Strings& allowed = {});
Bounds memory_bounds(std::int64_t most);
Bounds disk_bounds(const Json& settings);
std::optional<std::int64_t> memory_share(const Json& settings, const HostFacts& host);

}  // namespace hardened::verifier
