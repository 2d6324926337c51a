// SPDX-License-Identifier: Apache-2.0
// The private mount namespace and the tmpfs in it that nobody else sees. Refuses a directory that
// was replaced while the namespace was entered.
#pragma once

#include <string>
#include <string_view>

#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

std::string descriptor_path(const Descriptor& descriptor);  // /proc/self/fd/N

class StageDirectory {
 public:
  // Enters a new mount namespace and covers <state>/stage there. On the host that directory stays,
  // with an empty `rootfs` in it: `runc exec` changes into the root.path that it was created with.
  StageDirectory(Kernel& kernel, const Environment& environment, int bundle_directory);

  const std::string& path() const { return path_; }
  int number() const { return directory_.number(); }

  void create_file(const std::string& name, std::string_view text) const;  // 0600
  // Puts a detached tree at a name of its own.
  void place(const Descriptor& tree, const std::string& name) const;
  // Puts the stage's config.json over the bundle's; gives the mount that covers it.
  Descriptor cover_config() const;

 private:
  Kernel& kernel_;
  std::string path_;
  Descriptor directory_;
  std::string bundle_;
  struct stat bundle_status_;
};

}  // namespace hardened
