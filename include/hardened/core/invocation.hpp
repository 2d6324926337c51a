// SPDX-License-Identifier: Apache-2.0
// The command line as runc and crun read it, by tables of flags and their arity. Refuses unknown
// global flags, and for the calls that are hardened unknown flags and words that the two would read
// differently; every other call is passed on as it came.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/rule.hpp"

namespace hardened {

// `argv` with edits by flag; order, values and everything not edited stay. In hardened calls alone
// the spelling is made the one that every runtime reads alike: `-bundle=B` becomes `--bundle=B` and
// `-b=B` becomes `--bundle=B`, for crun takes single dashes for bundled short flags.
class Invocation {
 public:
  // `arguments` without argv[0]. Throws Error(usage); Error(refused) for what would undo the
  // hardening (crun's `--config`, `--cgroup-manager disabled`).
  static Invocation parse(const std::vector<std::string>& arguments);

  Operation operation() const { return operation_; }
  const std::string& command() const { return command_; }  // "create"; empty for `--version` alone
  // The last value of a flag by its long name without dashes; booleans "true" or "false".
  std::optional<std::string> global(std::string_view flag) const;
  std::optional<std::string> flag(std::string_view flag) const;
  std::vector<std::string> flag_values(std::string_view flag) const;
  // Positional arguments of a hardened command: the container's id first (exec: then the command
  // line).
  const std::vector<std::string>& positionals() const { return positionals_; }
  std::string id() const;  // Error(usage) where there is none or it breaks runc's rule
  std::optional<std::string> profile() const {
    return profile_;
  }  // our own --profile, the runtime never sees it

  // Replaces every occurrence's value, or adds the flag before the positionals. A boolean that is
  // set to "false" is removed: crun knows no `=false`.
  void set_flag(std::string_view flag, std::string_view value);
  void remove_flag(std::string_view flag);
  // Replaces the values of a repeatable flag one by one; fewer values drop the last occurrences,
  // more are added.
  void set_flag_values(std::string_view flag, const std::vector<std::string>& values);

  // What the runtime gets, without argv[0].
  std::vector<std::string> arguments() const;

 private:
  struct Token {
    enum class Part { global_flag, command, flag, word } part;
    std::string flag;                  // canonical long name; empty for words
    std::string spelling;              // "--root"; a word or a boolean flag as a whole
    std::optional<std::string> value;  // booleans "true" or "false"
    bool written = true;               // the value is not part of the spelling
    bool attached = false;             // --flag=value
  };
  class Reader;

  void add_flag(std::string_view flag, std::string_view value);

  Operation operation_ = Operation::forward;
  std::string command_;
  std::optional<std::string> profile_;
  std::vector<Token> tokens_;
  std::vector<std::string> positionals_;
};

// runc's rule for ids: [A-Za-z0-9_+-.]+, not "." or "..". Throws Error(usage).
void check_id(std::string_view id);

// The first word that names one: of arguments that cannot be read, to tell of them.
Operation likely_operation(const std::vector<std::string>& words);

}  // namespace hardened
