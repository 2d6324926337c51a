// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace hardened::probe {
namespace {

// None takes a tenth of a second by itself, but machines of tests are shared and emulated.
constexpr int kLimitMilliseconds = 60000;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char code[8];
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += code;
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view word(Result result) {
  switch (result) {
    case Result::reached:
      return "reached";
    case Result::denied:
      return "denied";
    case Result::absent:
      return "absent";
    case Result::unable:
      return "unable";
  }
  return "";
}

// What the child says: result, errno, detail. Whatever it dies of, the parent says.
[[noreturn]] void attempt_in_child(const Attempt& attempt, int output) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Outcome outcome = attempt.run();
  const std::string line = "\"result\":\"" + std::string(word(outcome.result)) +
                           "\",\"errno\":" + std::to_string(outcome.error) + ",\"detail\":\"" +
                           escaped(outcome.detail.substr(0, 200)) + '"';
  const bool written =
      ::write(output, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::_exit(written ? 0 : 1);
}

// Until the child has spoken or closed its end; one that hangs in the kernel is heard no more.
std::string heard(int input) {
  std::string text;
  char buffer[512];
  pollfd ready{input, POLLIN, 0};
  while (::poll(&ready, 1, kLimitMilliseconds) > 0) {
    const ssize_t count = ::read(input, buffer, sizeof buffer);
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.back() == '"') return text;
  }
  return "late";
}

std::string result_of(const Attempt& attempt) {
  int ends[2];
  if (::pipe(ends) != 0) return "\"result\":\"failed\",\"errno\":" + std::to_string(errno);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    attempt_in_child(attempt, ends[1]);
  }
  ::close(ends[1]);
  std::string text = heard(ends[0]);
  ::close(ends[0]);
  // Its own children too: setsid made it the leader of a group. One that has only just started has
  // none.
  if (::kill(-child, SIGKILL) != 0) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (text == "late") return "\"result\":\"stuck\"";
  if (!text.empty()) return text;
  return "\"result\":\"killed\",\"signal\":" + std::to_string(WTERMSIG(status));
}

}  // namespace

void run_all(const Attempts& attempts, std::string_view only) {
  for (const Attempt& attempt : attempts) {
    if (!std::string_view(attempt.id).starts_with(only)) continue;
    const std::string result = result_of(attempt);
    std::printf("{\"id\":\"%s\",\"group\":\"%s\",%s}\n", escaped(attempt.id).c_str(),
                escaped(attempt.group).c_str(), result.c_str());
    std::fflush(stdout);
  }
}

}  // namespace hardened::probe
