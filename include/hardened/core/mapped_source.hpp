// SPDX-License-Identifier: Apache-2.0
// How a bind's source comes to a container whose ids are laid over its mounts, and where they
// cannot be. Refuses what would leave a container's ids on the host's disks as they are.
#pragma once

#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/mount_sources.hpp"

namespace hardened {

struct MappedSource {
  std::string asked;    // what is refused; empty: nothing
  std::string setting;  // that would allow it
  std::string without;  // why it is mounted as it is; empty: it is not
};

// `settings` of the rule mounts.
MappedSource judge_mapped_source(const Json& settings, const SourceFact& source,
                                 const SourceVerdict& verdict, bool read_only);

}  // namespace hardened
