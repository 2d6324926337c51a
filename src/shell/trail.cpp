// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/trail.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>

#include "hardened/core/text.hpp"
#include "hardened/shell/state.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

using Destination = AuditSettings::Destination;

constexpr const char* kLoss = "trail-lost";  // below the state directory
constexpr std::size_t kLongestLoss = 4096;
constexpr std::uint64_t kPatience = 1000000;  // microseconds for another writer to end
constexpr std::uint64_t kPause = 2000;        // between two looks

// Short, for whoever reads the journal without us; the line itself is a field beside it.
std::string message_of(const Decision& decision, const Ending& ending) {
  std::string text(name_of(decision.operation));
  text += " of " + printable(decision.id, 80) + ": " + std::string(name_of(ending.outcome));
  if (!ending.error.empty()) return text + ": " + printable(ending.error, 2000);
  return text + " under " + decision.profile + ", " + std::to_string(decision.changes.size()) +
         " changes";
}

// systemd's native protocol: NAME=value a line. None of the values has a line's end in it.
std::string journal_entry(const Decision& decision, const Ending& ending, std::string line) {
  line.pop_back();
  return "MESSAGE=" + message_of(decision, ending) +
         "\nPRIORITY=" + (ending.outcome == Outcome::passed ? "6" : "4") +
         "\nSYSLOG_IDENTIFIER=hardened\nHARDENED_DECISION=" + line + '\n';
}

// Where a line is required, a datagram that journald may drop is none.
bool to_journal_first(const AuditSettings& settings) {
  return settings.destination == Destination::journald ||
         (settings.destination == Destination::automatic && !settings.required);
}

// The policy lets a container start without a line; that there is a hole in the trail is said where
// it can be, for `log` and `doctor` to tell. The last one stands for all.
void note_loss(Kernel& kernel, const Environment& environment, const Error& error) noexcept {
  try {
    const StateDirectory state = open_state(kernel, environment);
    const Descriptor file = kernel.open(state.directory.number(), kLoss,
                                        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK,
                                        Walk::beneath_no_links, 0600);
    kernel.write_all(file.number(),
                     utc_time(kernel.real_time()) + ": " + printable(error.what(), 300));
  } catch (const std::exception&) {
    // Nowhere left to say it.
  }
}

// Whoever rotates or writes holds the directory's lock, so that no line is put into a file that
// another has just put aside. A writer that was stopped in the middle holds it for good: what the
// trail then does without must not be the start of containers.
Descriptor lock_log(Kernel& kernel, int directory) {
  Descriptor lock =
      kernel.open(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, Walk::beneath_no_links, 0600);
  require_own(kernel, kernel.status(lock.number()), "lock");
  const std::uint64_t since = kernel.monotonic_time();
  for (;;) {
    try {
      kernel.lock(lock.number(), LOCK_EX | LOCK_NB);
      return lock;
    } catch (const Error& error) {
      if (error.number() != EWOULDBLOCK) throw;
      if (kernel.monotonic_time() - since > kPatience) {
        throw Error::from_errno(EWOULDBLOCK, "another process holds the trail's file `lock`");
      }
      kernel.sleep(kPause);
    }
  }
}

Descriptor open_current(Kernel& kernel, int directory) {
  Descriptor file =
      kernel.open(directory, kTrailName, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
                  Walk::beneath_no_links, 0600);
  const struct stat status = kernel.status(file.number());
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::refused, "not a regular file");
  require_own(kernel, status, kTrailName);
  return file;
}

// The oldest gives way: renamed over.
void rotate(Kernel& kernel, int directory, std::uint32_t files) {
  for (std::uint32_t age = files - 1; age > 0; --age) {
    try {
      kernel.rename(directory, trail_name(age - 1), trail_name(age));
    } catch (const Error& error) {
      if (error.number() != ENOENT) throw;
    }
  }
  if (files == 1) remove_if_there(kernel, directory, kTrailName);
}

void append(Kernel& kernel, const Environment& environment, const AuditSettings& settings,
            const std::string& line) {
  const StateDirectory log = open_log(kernel, environment);
  const int directory = log.directory.number();
  const Descriptor lock = lock_log(kernel, directory);
  Descriptor file = open_current(kernel, directory);
  auto size = static_cast<std::uint64_t>(kernel.status(file.number()).st_size);
  if (size > 0 && size + line.size() > settings.file_bytes) {
    rotate(kernel, directory, settings.files);
    file = open_current(kernel, directory);
    size = 0;
  }
  try {
    kernel.write_all(file.number(), line);
  } catch (const Error&) {
    // A full disk takes a part: half a line would swallow the next one.
    kernel.truncate(file.number(), size);
    throw;
  }
}

}  // namespace

std::string trail_name(std::uint32_t age) {
  return age == 0 ? kTrailName : "decisions." + std::to_string(age) + ".jsonl";
}

StateDirectory open_log(Kernel& kernel, const Environment& environment) {
  try {
    const std::filesystem::path path = environment.log;
    const std::string parent = path.parent_path();
    const Descriptor above =
        kernel.open(kWorkingDirectory, parent, O_PATH | O_DIRECTORY, Walk::follow);
    return {path, make_own_directory(kernel, above.number(), path.filename(), 0700)};
  } catch (Error& error) {
    if (environment.root && in_initial_user_namespace(kernel)) throw error.within(environment.log);
  }
  StateDirectory state = open_state(kernel, environment);
  Descriptor directory = make_own_directory(kernel, state.directory.number(), "log", 0700);
  return {state.path + "/log", std::move(directory)};
}

std::optional<Descriptor> find_log(Kernel& kernel, const Environment& environment) {
  const std::filesystem::path path = environment.log;
  const std::string parent = path.parent_path();
  try {
    const Descriptor above =
        kernel.open(kWorkingDirectory, parent, O_PATH | O_DIRECTORY, Walk::follow);
    if (auto log = find_own_directory(kernel, above.number(), path.filename())) return log;
  } catch (Error& error) {
    if (environment.root && in_initial_user_namespace(kernel)) throw error.within(environment.log);
  }
  const auto state = find_state(kernel, environment);
  return state ? find_own_directory(kernel, state->directory.number(), "log") : std::nullopt;
}

std::optional<std::string> last_loss(Kernel& kernel, const Environment& environment) {
  const auto state = find_state(kernel, environment);
  if (!state) return std::nullopt;
  return find_own_file(kernel, state->directory.number(), kLoss, kLongestLoss);
}

void require_writable_trail(Kernel& kernel, const Environment& environment,
                            const AuditSettings& settings) {
  if (to_journal_first(settings) && exists(kernel, environment.journal)) return;
  if (settings.destination == Destination::journald)
    throw Error(ErrorKind::unsupported, "there is no " + environment.journal);
  const auto log = find_log(kernel, environment);
  if (!log) return;  // made by the first start
  lock_log(kernel, log->number());
  open_current(kernel, log->number());
}

Trail::Trail(Kernel& kernel, const Environment& environment, Operation operation)
    : kernel_(kernel), environment_(environment), begun_(kernel.monotonic_time()) {
  decision.operation = operation;
}

void Trail::about(const ContainerKey& key) {
  decision.root = key.root;
  decision.id = key.id;
}

void Trail::under(const Policy& policy) {
  settings_ = audit_settings(policy);
  decision.policy = policy_digest(policy);
}

void Trail::passed(const Keep& keep) {
  try {
    write({}, keep);
  } catch (Error& error) {
    if (settings_.required) throw error.within("the audit trail, which the policy requires");
    note_loss(kernel_, environment_, error);
  }
}

void Trail::failed(const Error& error) noexcept {
  try {
    write(ending_of(error), nullptr);
  } catch (const Error& lost) {
    note_loss(kernel_, environment_, lost);  // nothing starts either way
  } catch (const std::exception&) {
    // Out of memory: nowhere left to say it.
  }
}

void Trail::write(const Ending& ending, const Keep& keep) {
  if (settings_.destination == Destination::none) return;
  const std::uint64_t duration = kernel_.monotonic_time() - begun_;
  const std::string line =
      trail_line(decision, ending, kernel_.real_time(), duration, settings_.whole_values);
  if (keep) {
    try {
      keep(line);
    } catch (const Error&) {
      // The trail itself is what counts.
    }
  }
  if (to_journal_first(settings_)) {
    try {
      kernel_.send_datagram(environment_.journal, journal_entry(decision, ending, line));
      return;
    } catch (const Error&) {
      // Not there, or stuck: the file takes it.
      if (settings_.destination == Destination::journald) throw;
    }
  }
  append(kernel_, environment_, settings_, line);
}

}  // namespace hardened
