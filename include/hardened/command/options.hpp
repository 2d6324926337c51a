// SPDX-License-Identifier: Apache-2.0
// CLI11 with our manners: its errors become ours, `--help` prints and ends.
#pragma once

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "hardened/command/command.hpp"
#include "hardened/core/error.hpp"

namespace hardened {

// To standard output, all of it: what a full disk swallowed must not look like success.
inline void print(Kernel& kernel, std::string_view text) {
  try {
    kernel.write_all(STDOUT_FILENO, text);
  } catch (Error& error) {
    throw error.within("standard output");
  }
}

// False: help was printed, nothing is left to do. Throws Error(usage).
inline bool parse_options(CLI::App& app, Arguments arguments, Kernel& kernel) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
    return true;
  } catch (const CLI::CallForHelp&) {
    print(kernel, app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, error.what());
  }
}

}  // namespace hardened
