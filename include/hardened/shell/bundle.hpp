// SPDX-License-Identifier: Apache-2.0
// A bundle, held by one directory descriptor: config.json is read and replaced through it and
// nothing else. Refuses a config.json that is a link, not a regular file, over the size limit, or
// open to everyone's writing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hardened/core/json.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

class Bundle {
 public:
  static Bundle open(Kernel& kernel, const std::string& path);

  const std::string& path() const { return path_; }  // canonical
  int directory() const { return directory_.number(); }
  // config.json; at most 16 MiB. The same bytes however often it is asked for: they are what undo()
  // puts back.
  const std::string& read();
  // That, parsed. Throws Error(invalid_input), Error(refused) with the file's path.
  Json document();

  // A replacement of config.json: written beside it under a name of its own with the same owner and
  // mode, synced; renamed over it by commit(), or removed by the destructor. The bundle must
  // outlive it.
  class Replacement {
   public:
    Replacement(Bundle& bundle, std::string_view text);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    Replacement(Replacement&& other) noexcept;
    Replacement& operator=(Replacement&&) = delete;
    ~Replacement();
    void commit();
    // Puts the old text back, for a failure after commit(), as far as the file system lets it.
    void undo() noexcept;

   private:
    Bundle* bundle_;  // nullptr: moved from
    bool committed_ = false;
  };
  Replacement replace(std::string_view text) { return Replacement(*this, text); }

 private:
  struct Original {
    std::string text;
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0;
  };

  Bundle(Kernel& kernel, Descriptor directory, std::string path);
  const Original& original();
  void write_temporary(std::string_view text);
  void remove_temporary() noexcept;
  void remove_leftovers() noexcept;

  Kernel* kernel_;
  Descriptor directory_;
  std::string path_;
  std::string temporary_;
  std::optional<Original> original_;
};

}  // namespace hardened
