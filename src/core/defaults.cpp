// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/defaults.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
#include "defaults.inc"
};

}  // namespace

std::string_view default_file(std::string_view name) {
  for (const auto& [file, text] : kFiles) {
    if (file == name) return text;
  }
  throw Error(ErrorKind::system, "this build lacks its default " + std::string(name));
}

std::vector<std::string_view> default_files(std::string_view directory) {
  std::vector<std::string_view> names;
  for (const auto& [file, text] : kFiles) {
    if (file.starts_with(directory)) names.push_back(file);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hardened
