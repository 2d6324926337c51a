// SPDX-License-Identifier: Apache-2.0
// hardened: called where runc would be called. The only catch-all, and the only place that reads
// the environment.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "hardened/command/command.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/invocation.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/error_log.hpp"
#include "hardened/shell/harden.hpp"
#include "hardened/shell/kernel.hpp"

namespace {

using hardened::Environment;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Environment read_environment(const std::string& invoked_as) {
  Environment environment;
  environment.invoked_as = invoked_as.substr(invoked_as.rfind('/') + 1);
  environment.runtime_directory = variable("XDG_RUNTIME_DIR");
  environment.user = variable("USER");
  const long listen = std::strtol(variable("LISTEN_FDS").c_str(), nullptr, 10);
  environment.listen_descriptors = static_cast<int>(std::clamp(listen, 0L, 1024L));
  environment.root = ::geteuid() == 0;
  environment.terminal = ::isatty(STDOUT_FILENO) == 1;
  environment.error_terminal = ::isatty(STDERR_FILENO) == 1;
  environment.no_colour = !variable("NO_COLOR").empty() || variable("TERM") == "dumb";
  winsize size{};
  if (environment.terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    environment.columns = size.ws_col;
  }
  return environment;
}

int own_command(const std::vector<std::string>& arguments, const Environment& environment) {
  try {
    return hardened::run_own_command(arguments, hardened::real_kernel(), environment);
  } catch (const hardened::Error& error) {
    std::cerr << hardened::error_message(error.what()) << '\n';
    return error.exit_code();
  } catch (const std::exception& error) {
    std::cerr << hardened::error_message(error.what()) << '\n';
    return 1;
  }
}

hardened::Invocation parsed(const std::vector<std::string>& arguments,
                            const Environment& environment) {
  using namespace hardened;
  try {
    return Invocation::parse(arguments);
  } catch (const Error& error) {
    record_unread(real_kernel(), environment, likely_operation(arguments), error);
    throw;
  }
}

void call_runtime(const std::vector<std::string>& arguments, const Environment& environment) {
  using namespace hardened;
  Invocation invocation = parsed(arguments, environment);
  // The runtime would say that it knows no such command.
  if (is_own_name(invocation.command())) {
    throw Error(ErrorKind::usage, invocation.command() +
                                      " is hardened's own command and takes none of the runtime's "
                                      "flags before it");
  }
  harden(real_kernel(), environment, std::move(invocation));
}

int runtime_call(const std::vector<std::string>& arguments, const Environment& environment) {
  using namespace hardened;
  const auto fail = [&](const Error& error) {
    report_error(real_kernel(), error_log_of(arguments), error);
    return error.exit_code();
  };
  try {
    call_runtime(arguments, environment);
    return 1;  // execve does not return
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::exception& error) {
    // A defect of ours: no container starts.
    return fail(Error(ErrorKind::system, error.what()));
  }
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + (count > 0 ? 1 : 0), values + count);
  const Environment environment = read_environment(count > 0 ? values[0] : "hardened");
  if (hardened::is_own_command(arguments)) return own_command(arguments, environment);
  return runtime_call(arguments, environment);
}
