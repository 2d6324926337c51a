// SPDX-License-Identifier: Apache-2.0
// The place of our own executable as an engine is told it. Refuses one that anyone but root could
// put another program in: engines run it as root.
#pragma once

#include <string>

#include "hardened/shell/administration.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// The canonical path of the running executable. Error(refused): it or a directory on the way
// belongs to someone else or can be written by others, or it lies where files come and go.
std::string installed_binary(Kernel& kernel);

// The link beside it by whose name the profile `pod` is chosen: "hardened-pod".
std::string pod_link(const std::string& binary);
enum class PodLink {
  absent,
  ours,
  foreign_maker
};  // ours: made by configure, by its text "./NAME"
// Error(refused): what has that name leads elsewhere.
PodLink look_at_pod_link(Kernel& kernel, const std::string& binary);
void make_pod_link(Kernel& kernel, Administration& administration, const std::string& binary);
void remove_pod_link(Kernel& kernel, const std::string& binary);

}  // namespace hardened
