// SPDX-License-Identifier: Apache-2.0
// What a command is doing, on standard error, where that is a terminal and it takes longer than a
// second. Nothing when piped; the line is gone when the answer comes.
#pragma once

#include <cstdint>
#include <iostream>
#include <string>

#include "hardened/core/text.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

class Progress {
 public:
  Progress(Kernel& kernel, const Environment& environment)
      : kernel_(kernel),
        terminal_(environment.error_terminal),
        columns_(environment.columns),
        next_(kernel.monotonic_time() + kPause) {}
  ~Progress() { wipe(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap: to be called as often as there is something to say.
  void at(const std::string& what) {
    if (!terminal_ || kernel_.monotonic_time() < next_) return;
    next_ = kernel_.monotonic_time() + kPause / 4;
    std::cerr << "\r\x1b[K" << printable("hardened: " + what, columns_ - 1) << std::flush;
    shown_ = true;
  }
  // Before anything else is printed.
  void wipe() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

 private:
  static constexpr std::uint64_t kPause = 1000000;  // microseconds
  Kernel& kernel_;
  bool terminal_;
  std::size_t columns_;
  std::uint64_t next_;
  bool shown_ = false;
};

}  // namespace hardened
