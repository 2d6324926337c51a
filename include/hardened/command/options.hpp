// SPDX-License-Identifier: Apache-2.0
// CLI11 with our manners: its errors become ours, `--help` prints and ends.
#pragma once

#include <CLI/CLI.hpp>
#include <iostream>

#include "hardened/command/command.hpp"
#include "hardened/core/error.hpp"

namespace hardened {

// False: help was printed, nothing is left to do. Throws Error(usage).
inline bool parse_options(CLI::App& app, Arguments arguments) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
    return true;
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return false;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, error.what());
  }
}

}  // namespace hardened
