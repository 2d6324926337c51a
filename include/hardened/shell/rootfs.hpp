// SPDX-License-Identifier: Apache-2.0
// An overlay built a second time over the layers of an engine's own, each shown with the
// container's ids. Everything on disk keeps ids from 0 on, so the engine's cp, diff and commit see
// what runc would have written. Refuses an overlay that the kernel silently made read-only.
#pragma once

#include <string>

#include "hardened/core/mount_operations.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// The kernel wants the upper directory and the work directory on one mount, and wipes the latter:
// sharing the engine's would break its cp. So there is one of our own beside it, which goes with
// the layer when the engine removes that, else with the container's record.
class WorkDirectory {
 public:
  WorkDirectory(Kernel& kernel, const std::string& path);
  ~WorkDirectory();  // removes it
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  Kernel& kernel_;
  std::string path_;
};

// Where it is for that container: beside the engine's. Empty: the plan needs none.
std::string work_directory(const Plan& plan, const std::string& container);

// That of a container which is gone. Nothing but empty directories; what fails stays.
void remove_work_directory(Kernel& kernel, const std::string& path) noexcept;

struct OverlayPlace {
  int stage = -1;          // a directory of the private mount namespace
  std::string stage_path;  // its name there
  std::string name;        // where below it the overlay goes; other names beginning so are used too
  int user_namespace = -1;
  FileSystemIds root;  // the container's root on the host
};

// Mounts the overlay of the operation (overlay or overlay_in_memory) at that place. `work` is the
// path of the work directory for a writable one. Nothing but the overlay stays mounted.
void mount_overlay(Kernel& kernel, const MountOperation& operation, const OverlayPlace& place,
                   const std::string& work);

}  // namespace hardened
