// SPDX-License-Identifier: Apache-2.0
// The one error type: what went wrong, where in the document, and with which exit code the wrapper
// ends.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace hardened {

enum class ErrorKind {
  usage,          // the command line; exit code 2
  invalid_input,  // a document or a policy; exit code 2
  refused,        // a rule says no; exit code 3
  unsupported,    // the host cannot do what the policy asks; exit code 3
  system,         // a syscall failed; exit code 1
};

// Text is lower case without a period; the JSON pointer, where there is one, comes first:
// `/linux/seccomp/defaultAction: expected a string, got 7`. Never in the words that make Docker
// report exit code 126 or 127 ("permission denied", "no such file or directory").
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string_view text);
  Error(ErrorKind kind, std::string_view pointer, std::string_view text);
  // A failed syscall: `what: <reason>`, kind system.
  static Error from_errno(int number, std::string_view what);

  // Puts `context: ` before the text, outermost last.
  Error& within(std::string_view context);
  // Puts `; more` behind it.
  Error& followed_by(std::string_view more);

  const char* what() const noexcept override { return text_.c_str(); }
  ErrorKind kind() const noexcept { return kind_; }
  const std::string& pointer() const noexcept { return pointer_; }  // empty: not about a document
  int number() const noexcept { return number_; }                   // errno, 0 if none
  int exit_code() const noexcept;                                   // 1, 2 or 3

 private:
  ErrorKind kind_;
  std::string pointer_;
  std::string text_;
  int number_ = 0;
};

// The reason for an errno, lower case, free of the words that Docker takes for 126 and 127.
std::string errno_text(int number);

}  // namespace hardened
