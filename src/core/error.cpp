// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/error.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>

namespace hardened {

Error::Error(ErrorKind kind, std::string_view text) : kind_(kind), text_(text) {}

Error::Error(ErrorKind kind, std::string_view pointer, std::string_view text)
    : kind_(kind), pointer_(pointer), text_(pointer) {
  text_.append(pointer.empty() ? "" : ": ").append(text);
}

Error Error::from_errno(int number, std::string_view what) {
  Error error(ErrorKind::system, std::string(what) + ": " + errno_text(number));
  error.number_ = number;
  return error;
}

Error& Error::within(std::string_view context) {
  text_ = std::string(context) + ": " + text_;
  return *this;
}

Error& Error::followed_by(std::string_view more) {
  text_.append("; ").append(more);
  return *this;
}

int Error::exit_code() const noexcept {
  switch (kind_) {
    case ErrorKind::usage:
    case ErrorKind::invalid_input:
      return 2;
    case ErrorKind::refused:
    case ErrorKind::unsupported:
      return 3;
    case ErrorKind::system:
      return 1;
  }
  return 1;
}

std::string errno_text(int number) {
  if (number == ENOENT) return "does not exist";
  if (number == EACCES) return "access denied";
  if (number == ENOTDIR) return "is no directory";
  const char* description = strerrordesc_np(number);
  if (description == nullptr) return "error " + std::to_string(number);
  std::string text = description;
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1]))) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace hardened
