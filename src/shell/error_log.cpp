// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/error_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <ctime>

#include "core/invocation_flags.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongest = 4000;

// What Docker's daemon looks for in a failed start: 126, 127, or a hint about mounts.
constexpr std::array<std::string_view, 6> kTaken{
    "permission denied",         "no such file or directory",
    "executable file not found", "system cannot find the file specified",
    "not a directory",           "failed to run runc create/exec call"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Go lowers these two beyond ASCII to i and k: a path may spell a phrase with them.
void spell_out(std::string& text, std::string_view letter, std::string_view shown) {
  for (std::size_t at = 0; (at = text.find(letter, at)) != std::string::npos; at += shown.size()) {
    text.replace(at, letter.size(), shown);
  }
}

void defuse(std::string& text) {
  spell_out(text, "\u0130", "\\u{0130}");
  spell_out(text, "\u212a", "\\u{212a}");
  for (const std::string_view phrase : kTaken) {
    const std::string searched = lower(text);
    for (std::size_t at = 0; (at = searched.find(phrase, at)) != std::string::npos;
         at += phrase.size()) {
      for (std::size_t offset = 0; offset < phrase.size(); ++offset) {
        if (phrase[offset] == ' ') text[at + offset] = '-';
      }
    }
  }
}

std::string rfc3339(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

std::string entry(const ErrorLog& log, const std::string& message, const std::string& time) {
  if (log.json) return Json{{"level", "error"}, {"msg", message}, {"time", time}}.dump() + '\n';
  return "time=\"" + time + "\" level=error msg=" + Json(message).dump() + '\n';
}

void append(Kernel& kernel, const std::string& path, const std::string& text) {
  // O_NOFOLLOW: nobody turns the log into another file of root's; O_NONBLOCK: a FIFO without a
  // reader must not hold us.
  const Descriptor file = kernel.open(
      kWorkingDirectory, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
      Walk::follow, 0644);
  kernel.write_all(file.number(), text);
}

}  // namespace

ErrorLog error_log_of(const std::vector<std::string>& arguments) noexcept try {
  ErrorLog log;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    if (word.size() < 2 || word.front() != '-' || word == "--") break;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(
        word.starts_with("--") ? 2 : 1,
        equals == std::string::npos ? equals : equals - (word.starts_with("--") ? 2 : 1));
    const FlagSpec* spec = find_global_flag(name);
    if (spec == nullptr || spec->arity == Arity::boolean) continue;
    if (equals == std::string::npos && ++at == arguments.size()) break;
    const std::string value = equals == std::string::npos ? arguments[at] : word.substr(equals + 1);
    if (name == "log") log.path = value;
    if (name == "log-format") log.json = value == "json";
  }
  // crun's other destinations are no files.
  if (log.path && (log.path->starts_with("journald:") || log.path->starts_with("syslog:")))
    log.path.reset();
  if (log.path && log.path->starts_with("file:")) log.path->erase(0, 5);
  if (log.path && log.path->empty()) log.path.reset();
  return log;
} catch (...) {
  return {};
}

std::string error_message(std::string_view text) {
  std::string message = "hardened: " + printable(text, kLongest);
  defuse(message);
  return message;
}

void report_error(Kernel& kernel, const ErrorLog& log, const Error& error,
                  std::chrono::system_clock::time_point now) noexcept {
  try {
    const std::string message = error_message(error.what());
    // Each on its own: a full disk must not keep the text from the terminal, nor a closed terminal
    // from the log.
    try {
      if (log.path) append(kernel, *log.path, entry(log, message, rfc3339(now)));
    } catch (const std::exception&) {
    }
    kernel.write_all(STDERR_FILENO, message + '\n');
  } catch (const std::exception&) {
  }
}

}  // namespace hardened
