// SPDX-License-Identifier: Apache-2.0
// Every call that the profile denies, with arguments that the kernel can do nothing with.
#include <cerrno>

#include "attempt.hpp"
#include "calls.hpp"

namespace hardened::probe {
namespace {

// No address, no descriptor, no process, no known flag: what answers is the kernel's own check of
// these.
constexpr unsigned long kNothing = ~0UL;
constexpr Registers kHarmless = {kNothing, kNothing, kNothing, kNothing, kNothing, kNothing};

Registers harmless(std::string_view name) {
  // A length of -1 would make the kernel try to allocate it, loudly.
  if (name == "init_module") return {1, 0, 1, 0, 0, 0};
  return kHarmless;
}

}  // namespace

void add_system_calls(Attempts& attempts, const Numbers& numbers) {
  for (const Numbered& each : numbers.all()) {
    if (each.group == "open") continue;
    attempts.push_back(
        {"call." + each.name + '@' + std::string(name_of(each.entry)), each.group,
         [each] { return by_errno(call(each.entry, each.number, harmless(each.name))); }});
  }
}

}  // namespace hardened::probe
