// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/paths.hpp"

#include <algorithm>

namespace hardened {

std::vector<std::string> path_components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, end);
    if (!component.empty() && component != ".") components.emplace_back(component);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return components;
}

std::string normal_path(std::string_view path) {
  std::string normal = path.starts_with('/') ? "/" : "";
  for (const std::string& component : path_components(path)) {
    if (!normal.empty() && normal.back() != '/') normal += '/';
    normal += component;
  }
  return normal;
}

std::string lexical_path(std::string_view path) {
  std::string lexical;
  for (const std::string& component : path_components(path)) {
    if (component == "..") {
      lexical.resize(lexical.empty() ? 0 : lexical.rfind('/'));
    } else {
      lexical += '/' + component;
    }
  }
  return lexical.empty() ? "/" : lexical;
}

bool climbs(std::string_view path) {
  const std::vector<std::string> components = path_components(path);
  return std::find(components.begin(), components.end(), "..") != components.end();
}

bool at_or_below(std::string_view path, std::string_view tree) {
  if (tree.empty() || !path.starts_with(tree)) return false;
  return path.size() == tree.size() || tree.back() == '/' || path[tree.size()] == '/';
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash));
}

std::string path_below(std::string_view base, std::string_view below) {
  return (base == "/" ? std::string() : std::string(base)) + std::string(below);
}

}  // namespace hardened
