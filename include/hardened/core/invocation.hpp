// SPDX-License-Identifier: Apache-2.0
// The command line as runc and crun read it, by tables of flags and their arity. Refuses unknown global flags, and
// unknown flags of the calls that are hardened; every other call is passed on as it came.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/rule.hpp"

namespace hardened {

// `argv` with edits by flag; spelling, order and everything not edited stay.
class Invocation {
 public:
  // `arguments` without argv[0]. Throws Error(usage).
  static Invocation parse(std::vector<std::string> arguments);

  Operation operation() const { return operation_; }
  const std::string& command() const { return command_; }  // "create"; empty for `--version` alone
  // The last value of a flag by its long name without dashes; booleans "true" or "false".
  std::optional<std::string> global(std::string_view flag) const;
  std::optional<std::string> flag(std::string_view flag) const;
  std::vector<std::string> flag_values(std::string_view flag) const;
  // Positional arguments of the command: the container's id first (exec: then the command line).
  const std::vector<std::string>& positionals() const { return positionals_; }
  std::string id() const;             // Error(usage) where there is none or it breaks runc's rule
  std::optional<std::string> profile() const;  // our own --profile, which the runtime never sees

  // Replaces every occurrence's value, or adds the flag before the positionals.
  void set_flag(std::string_view flag, std::string_view value);
  void remove_flag(std::string_view flag);
  // Replaces the values of a repeatable flag one by one; fewer values drop the last occurrences.
  void set_flag_values(std::string_view flag, const std::vector<std::string>& values);

  // What the runtime gets, without argv[0].
  std::vector<std::string> arguments() const;

 private:
  struct Token {
    enum class Part { global_flag, command, flag, positional } part;
    std::string flag;                  // canonical long name
    std::string spelling;              // "-no-subreaper", "--root"
    std::optional<std::string> value;  // positional: the word itself
    bool attached = false;             // --flag=value
  };
  Operation operation_ = Operation::forward;
  std::string command_;
  std::optional<std::string> profile_;
  std::vector<Token> tokens_;
  std::vector<std::string> positionals_;
};

// runc's rule for ids: [A-Za-z0-9_+-.]+, not "." or "..". Throws Error(usage).
void check_id(std::string_view id);

}  // namespace hardened
