// SPDX-License-Identifier: Apache-2.0
// Which user namespaces own the namespaces that a document joins by path. Judges nothing.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

struct JoinedNamespace {
  std::string pointer;  // of its path in the document
  std::string type;
  std::string path;
  FileIdentity owner;  // of a user namespace: itself
  std::string owner_path;
  IdMaps owner_maps;
};

struct JoinedNamespaces {
  std::vector<JoinedNamespace> owned;    // by a user namespace that is not the host's
  std::vector<JoinedNamespace> foreign;  // by the host's, and not the host's own namespace
  std::vector<std::string> unseen;       // paths of which nobody knows
};

// Of those over which a container needs power: network, ipc, pid, uts and cgroup, and a user
// namespace that is joined. What is no such namespace is left to the rules that refuse it.
JoinedNamespaces joined_namespaces(const Json& document, const Facts& facts);

}  // namespace hardened
