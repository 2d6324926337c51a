// SPDX-License-Identifier: Apache-2.0
// A bundle, held by one directory descriptor: config.json is read and replaced through it and nothing else.
// Refuses a config.json that is a link, not a regular file, or over the size limit.
#pragma once

#include <string>
#include <string_view>

#include "hardened/shell/kernel.hpp"

namespace hardened {

class Bundle {
 public:
  static Bundle open(Kernel& kernel, const std::string& path);

  const std::string& path() const { return path_; }  // canonical
  int directory() const { return directory_.number(); }
  std::string read();  // config.json

  // A replacement of config.json: written beside it under a name of its own with the same owner and mode,
  // synced; renamed over it by commit(), or removed by the destructor.
  class Replacement {
   public:
    Replacement(Bundle& bundle, std::string_view text);
    Replacement(Replacement&&) noexcept;
    ~Replacement();
    void commit();
    // Puts the old text back, for a failure after commit().
    void undo() noexcept;

   private:
    Bundle* bundle_;
    std::string temporary_;
    bool committed_ = false;
  };
  Replacement replace(std::string_view text) { return Replacement(*this, text); }

 private:
  Bundle(Kernel& kernel, Descriptor directory, std::string path);
  Kernel* kernel_;
  Descriptor directory_;
  std::string path_;
  std::string original_;
  struct stat original_status_ {};
};

}  // namespace hardened
