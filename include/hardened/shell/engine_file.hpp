// SPDX-License-Identifier: Apache-2.0
// One configuration file of an engine: read once, replaced as a whole or not at all. Refuses a
// link and what is not a regular file; leaves nothing behind where it fails.
#pragma once

#include <string>
#include <string_view>

#include "hardened/shell/kernel.hpp"

namespace hardened {

class EngineFile {
 public:
  // Reads it. That it is not there, or its directory, is fine: it is empty then.
  EngineFile(Kernel& kernel, std::string path);

  const std::string& path() const { return path_; }
  bool present() const { return present_; }
  const std::string& text() const { return text_; }  // as it is on disk

  // A copy beside it with this ending and its owner and mode, for the administrator; replaces an
  // older one.
  static constexpr std::string_view kBackupEnding = ".hardened-backup";
  std::string backup_path() const { return path_ + std::string(kBackupEnding); }
  void save_backup();

  // Written beside it, synced, renamed over it. A new file is 0644, and its directory is made.
  void replace(std::string_view text);
  // Gone, if it was there.
  void remove();

 private:
  void read();
  Descriptor open_directory() const;
  void write(int directory, const std::string& name, std::string_view text);

  Kernel& kernel_;
  std::string path_;
  std::string name_;
  bool present_ = false;
  std::string text_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  mode_t mode_ = 0644;
};

// The text of a file, or an empty one where there is none. For files that are only looked at.
std::string text_of_file(Kernel& kernel, const std::string& path);

}  // namespace hardened
