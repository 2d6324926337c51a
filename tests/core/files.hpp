// SPDX-License-Identifier: Apache-2.0
// Files of the source tree, for tests that read captured documents and goldens.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

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

// tests/golden/<rule>/<case>, in the order of their names.
inline std::vector<std::filesystem::path> golden_cases() {
  std::vector<std::filesystem::path> found;
  for (const auto& rule : std::filesystem::directory_iterator(HARDENED_SOURCE "/tests/golden")) {
    for (const auto& entry : std::filesystem::directory_iterator(rule)) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A file below tests/, by its path there.
inline std::filesystem::path below_tests(const std::string& path) {
  return std::filesystem::path(HARDENED_SOURCE "/tests") / path;
}

}  // namespace hardened
