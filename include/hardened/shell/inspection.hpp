// SPDX-License-Identifier: Apache-2.0
// What looking at a document's surroundings gave: facts for the rules, and the very objects that
// the facts are about, for the runtime.
#pragma once

#include <map>
#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/shell/descriptor.hpp"

namespace hardened {

// By root.path, mounts[].source or namespaces[].path as written, all O_PATH; and the state
// directories of the rule read-only-rootfs, which are sources too, under facts.root.path followed
// by the directory.
using HeldObjects = std::map<std::string, Descriptor>;

struct Inspection {
  Facts facts;  // host too
  HeldObjects objects;
  Descriptor id_map;  // a user namespace of facts.host.id_range, where mappings were tried
};

}  // namespace hardened
