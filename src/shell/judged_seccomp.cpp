// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/judged_seccomp.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <string>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/seccomp_compiler.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {
namespace {

constexpr std::size_t kMostFiles = 32;  // of a host
constexpr std::size_t kLimit = std::size_t{256} << 10;

// Everything that the answer depends on. A program that was replaced has another inode or another
// time of change, which nobody can set.
std::string question_of(Kernel& kernel, const Json& config, const Profile& profile) {
  const Descriptor program = kernel.open(kWorkingDirectory, "/proc/self/exe", O_PATH, Walk::follow);
  const struct stat status = kernel.status(program.number());
  const Json* given = find(config, "/linux/seccomp");
  return write_document({{"program",
                          {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
                           status.st_ctim.tv_nsec}},
                         {"libseccomp", seccomp_library_version()},
                         {"settings", profile.settings("seccomp")},
                         {"bounding", find_strings(config, "/process/capabilities/bounding")},
                         {"profile", given == nullptr ? Json() : *given}});
}

// The questions that were answered well, one file each.
class Answered {
 public:
  Answered(Kernel& kernel, const Environment& environment, std::string question)
      : kernel_(kernel), question_(std::move(question)), name_(digest_of(question_)) {
    const StateDirectory state = open_state(kernel, environment);
    directory_ = make_own_directory(kernel, state.directory.number(), "seccomp", 0700);
  }

  // The name is a digest only: what counts is the text.
  bool has() {
    return find_own_file(kernel_, directory_.number(), name_, question_.size() + 1) == question_;
  }

  void add() {
    if (question_.size() > kLimit) return;
    kernel_.lock(directory_.number(), LOCK_EX | LOCK_NB);
    const std::vector<std::string> names = kernel_.list(directory_.number());
    if (names.size() >= kMostFiles) {
      for (const std::string& name : names) remove_if_there(kernel_, directory_.number(), name);
    }
    write_own_file(kernel_, directory_.number(), name_, question_);
  }

 private:
  Kernel& kernel_;
  std::string question_;
  std::string name_;
  Descriptor directory_;
};

}  // namespace

void evaluate_seccomp_once(Kernel& kernel, const Environment& environment, const Json& config,
                           const Profile& profile) {
  if (profile.mode("seccomp") != RuleMode::enforce) return;
  std::optional<Answered> answered;
  try {
    answered.emplace(kernel, environment, question_of(kernel, config, profile));
    if (answered->has()) return;
  } catch (const Error&) {
    // Nothing to go by: it is evaluated.
  }
  evaluate_seccomp(config, profile);
  try {
    if (answered) answered->add();
  } catch (const Error&) {
    // The next start evaluates it again.
  }
}

}  // namespace hardened
