// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/trail_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/log_view.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/state.hpp"
#include "hardened/shell/trail.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

using Destination = AuditSettings::Destination;
using Sink = std::function<void(std::string_view)>;

constexpr std::size_t kPart = 256U << 10;
constexpr std::uint64_t kPause = 250000;  // microseconds between two looks at a file
constexpr const char* kJournalctl = "/usr/bin/journalctl";

// Puts parts together to lines.
class Lines {
 public:
  explicit Lines(const Sink& sink) : sink_(sink) {}

  void add(std::string_view part) {
    for (std::size_t end; (end = part.find('\n')) != std::string_view::npos;) {
      rest_ += part.substr(0, end);
      part.remove_prefix(end + 1);
      if (!rest_.empty()) sink_(rest_);
      rest_.clear();
    }
    rest_ += part;
  }
  void end() {
    if (!rest_.empty()) sink_(rest_);
    rest_.clear();
  }

 private:
  const Sink& sink_;
  std::string rest_;
};

std::optional<Descriptor> open_if_there(Kernel& kernel, int directory, const std::string& name) {
  try {
    return kernel.open(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, Walk::beneath_no_links);
  } catch (const Error& error) {
    if (error.number() == ENOENT) return std::nullopt;
    throw;
  }
}

void read_to_the_end(Kernel& kernel, const Descriptor& file, Lines& lines) {
  for (std::string part; !(part = kernel.read_some(file.number(), kPart)).empty();) lines.add(part);
}

// A file that is put aside while it is read has been read to its end by then: the next is begun.
[[noreturn]] void follow_file(Kernel& kernel, int directory, std::optional<Descriptor> file,
                              Lines& lines) {
  for (;;) {
    if (file) read_to_the_end(kernel, *file, lines);
    auto now = open_if_there(kernel, directory, kTrailName);
    const bool other = now && (!file || kernel.status(now->number()).st_ino !=
                                            kernel.status(file->number()).st_ino);
    if (other) {
      if (file) read_to_the_end(kernel, *file, lines);
      file = std::move(now);
    } else {
      kernel.sleep(kPause);
    }
  }
}

void read_files(Kernel& kernel, const Descriptor& log, const AuditSettings& settings,
                Following following, Lines& lines) {
  std::vector<Descriptor> files;  // all of them first: one may be put aside while another is read
  for (std::uint32_t age = 0; age < std::max(settings.files, 1U); ++age) {
    if (auto file = open_if_there(kernel, log.number(), trail_name(age)))
      files.push_back(std::move(*file));
  }
  for (auto file = files.rbegin(); file != files.rend(); ++file)
    read_to_the_end(kernel, *file, lines);
  if (following == Following::no) return lines.end();
  const bool any = !files.empty();
  follow_file(kernel, log.number(), any ? std::optional(std::move(files.front())) : std::nullopt,
              lines);
}

// Anyone can write to the journal under our name; the uid is the kernel's word, and the fields tell
// an engine's log of a container from ours.
void read_journal(Kernel& kernel, Following following, const Sink& line) {
  std::vector<std::string> arguments{"--quiet", "--no-pager", "--all", "--output=json"};
  if (following == Following::yes) arguments.insert(arguments.end(), {"--follow", "--lines=all"});
  arguments.insert(arguments.end(),
                   {"SYSLOG_IDENTIFIER=hardened", "_UID=" + std::to_string(kernel.user())});
  const Sink entry = [&](std::string_view text) {
    if (const auto decision = line_of_journal(text)) line(*decision);
  };
  Lines lines(entry);
  kernel.stream_output(kJournalctl, arguments, [&](std::string_view part) { lines.add(part); });
  lines.end();
}

bool has_journal(Kernel& kernel, const Environment& environment, const AuditSettings& settings) {
  if (settings.destination == Destination::journald) return true;
  if (settings.destination != Destination::automatic) return false;
  return !settings.required && exists(kernel, environment.journal) && exists(kernel, kJournalctl);
}

}  // namespace

void read_trail(Kernel& kernel, const Environment& environment, const AuditSettings& settings,
                Following following, const Sink& line) {
  if (settings.destination == Destination::none) {
    throw Error(ErrorKind::unsupported,
                "there is no audit trail: the policy's audit.destination is none");
  }
  Lines lines(line);
  const bool journal = has_journal(kernel, environment, settings);
  const auto log = find_log(kernel, environment);
  // Files too where there is a journal: of the time before it.
  if (log && settings.destination != Destination::journald)
    read_files(kernel, *log, settings, journal ? Following::no : following, lines);
  if (journal) return read_journal(kernel, following, line);
  if (log) return;
  throw Error(ErrorKind::unsupported,
              "there is no audit trail yet: " + printable(environment.log) + " is not there");
}

void read_trail_file(Kernel& kernel, const std::string& path, const Sink& line) {
  Lines lines(line);
  Descriptor file = path == "-"
                        ? kernel.duplicate(STDIN_FILENO, STDERR_FILENO + 1)
                        : kernel.open(kWorkingDirectory, path, O_RDONLY | O_NOCTTY, Walk::follow);
  read_to_the_end(kernel, file, lines);
  lines.end();
}

}  // namespace hardened
