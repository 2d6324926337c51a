// SPDX-License-Identifier: Apache-2.0
// The one error that an engine gets to see: one entry in --log, the same text on standard error.
// Never fails itself, and never speaks in the words from which Docker concludes exit code 126 or
// 127.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

struct ErrorLog {
  std::optional<std::string> path;  // of --log
  bool json = false;                // --log-format json
};

// Read leniently from the global flags: an error in the command line must reach the log too.
ErrorLog error_log_of(const std::vector<std::string>& arguments) noexcept;

// "hardened: " and the text, on one line of harmless characters; phrases of the C library's errors
// that Docker looks for, in any letter case and whoever brought them in, are joined by dashes.
std::string error_message(std::string_view text);

// Appends {"level","msg","time"} (containerd and Podman read that) or runc's text form to the log,
// and the message to standard error.
void report_error(
    Kernel& kernel, const ErrorLog& log, const Error& error,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) noexcept;

}  // namespace hardened
