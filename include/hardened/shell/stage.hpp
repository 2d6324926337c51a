// SPDX-License-Identifier: Apache-2.0
// The private mount namespace in which the runtime starts: vetted objects stand there under names
// that nobody else can reach or change, and are gone with the container. Nothing is mounted on the
// host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hardened/core/json.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Objects that were opened for inspection, by mounts[].source or namespaces[].path as written.
using HeldObjects = std::map<std::string, Descriptor>;

// While it lives, the runtime would see the staged copy of config.json. execve outlives it; where
// that fails, the destructor uncovers the file, so that Bundle::Replacement::undo() can rename over
// it.
class StagedMounts {
 public:
  StagedMounts() = default;  // nothing staged
  StagedMounts(Kernel& kernel, Descriptor cover) : kernel_(&kernel), cover_(std::move(cover)) {}
  StagedMounts(StagedMounts&&) noexcept = default;
  StagedMounts& operator=(StagedMounts&&) noexcept = delete;
  ~StagedMounts();

 private:
  Kernel* kernel_ = nullptr;
  Descriptor cover_;
};

// Enters a new mount namespace, places a clone of each bind source and of each namespace file of
// `config` in a private tmpfs at <state>/stage, and shows the runtime, in place of the bundle's
// config.json, a copy that names those. The file on disk keeps the engine's own paths. To be called
// after the bundle's replacement is committed (a rename over a covered file fails) and right before
// execve. Throws Error(refused) with the pointer of a source or path that is not among `objects`.
// Does nothing for a caller without root: the runtime then opens with the caller's own rights.
[[nodiscard]] StagedMounts stage_mounts(Kernel& kernel, const Environment& environment,
                                        const Json& config, const HeldObjects& objects,
                                        int bundle_directory);

}  // namespace hardened
