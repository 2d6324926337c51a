// SPDX-License-Identifier: Apache-2.0
// The private mount namespace in which the runtime starts: vetted objects stand there under names
// that nobody else can reach or change, and are gone with the container. Nothing is mounted on the
// host.
#pragma once

#include <memory>
#include <string>

#include "hardened/core/plan.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/inspection.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/rootfs.hpp"

namespace hardened {

// While it lives, the runtime would see the staged copy of config.json. execve outlives it; where
// that fails, the destructor uncovers the file, so that Bundle::Replacement::undo() can rename over
// it, and removes what was made beside the engine's layers.
class StagedMounts {
 public:
  StagedMounts() = default;  // nothing staged
  StagedMounts(Kernel& kernel, Descriptor cover, std::unique_ptr<WorkDirectory> work)
      : kernel_(&kernel), cover_(std::move(cover)), work_(std::move(work)) {}
  StagedMounts(StagedMounts&&) noexcept = default;
  StagedMounts& operator=(StagedMounts&&) noexcept = delete;
  ~StagedMounts();

 private:
  Kernel* kernel_ = nullptr;
  Descriptor cover_;
  std::unique_ptr<WorkDirectory> work_;
};

// Enters a new mount namespace, carries out the plan's operations in a private tmpfs at
// <state>/stage, and shows the runtime, in place of the bundle's config.json, a copy that names
// what stands there. The file on disk keeps the engine's own paths. `bundle_directory` is where
// that file lies; `container` tells this container's work directory from another's over the same
// layers. To be called after the bundle's replacement is committed (a rename over a covered file
// fails) and right before execve. Throws Error(refused) with the pointer of a source or path that
// was not opened for inspection, or that has more mounted below it now, Error(unsupported) where
// the kernel cannot lay the container's ids over a file system. Does nothing for a caller without
// root: the runtime then opens with the caller's own rights. Binds whose way leads through
// another's source are made here, inside that one's clone, and the runtime's copy does not have
// them.
[[nodiscard]] StagedMounts stage_mounts(Kernel& kernel, const Environment& environment,
                                        const Plan& plan, const Inspection& seen,
                                        int bundle_directory, const std::string& container);

}  // namespace hardened
