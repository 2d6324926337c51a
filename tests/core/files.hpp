// SPDX-License-Identifier: Apache-2.0
// Files of the source tree, for tests that read captured documents and goldens.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "hardened/core/document.hpp"

namespace hardened {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline Json document_of(const std::filesystem::path& path) { return parse_document(text_of(path)); }

// A file below tests/, by its path there.
inline std::filesystem::path below_tests(const std::string& path) {
  return std::filesystem::path(HARDENED_SOURCE "/tests") / path;
}

}  // namespace hardened
