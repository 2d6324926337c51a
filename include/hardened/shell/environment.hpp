// SPDX-License-Identifier: Apache-2.0
// What main reads of its surroundings, once: paths and names, so that tests can give others.
#pragma once

#include <optional>
#include <string>

namespace hardened {

struct Environment {
  std::string invoked_as = "hardened";                  // basename of argv[0]
  std::string configuration = "/etc/hardened";          // policy.json, policy.d/, runtime
  std::string state = "/run/hardened";                  // records/, stage/, locks
  std::string log = "/var/log/hardened";                // the audit trail's files
  std::string journal = "/run/systemd/journal/socket";  // where systemd-journald listens
  std::string runtime_directory;                        // XDG_RUNTIME_DIR, empty if unset
  std::string user;                                     // USER
  int listen_descriptors = 0;                           // LISTEN_FDS: handed on by the runtime
  bool root = true;                                     // euid 0
  bool error_terminal = false;                          // standard error is one
  bool terminal = false;                                // standard output is one
  bool no_colour = false;                               // NO_COLOR, or a terminal that knows none
  std::size_t columns = 100;                            // of the terminal
};

}  // namespace hardened
