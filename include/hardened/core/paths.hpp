// SPDX-License-Identifier: Apache-2.0
// Paths as text: lexical forms and containment, without a look at any file system.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened {

// The components between slashes, without empty ones and ".": "/a//./b/" is {"a", "b"}.
std::vector<std::string> path_components(std::string_view path);

// "//a/./b/" -> "/a/b", "a/" -> "a", "/" -> "/". ".." stays: what it means depends on links.
std::string normal_path(std::string_view path);

// Absolute, each ".." taken by the text: "/a/b/../c" -> "/a/c". Links may lead elsewhere.
std::string lexical_path(std::string_view path);

// Whether a component is "..".
bool climbs(std::string_view path);

// Whether `path` is `tree` or lies below it; both in normal form.
bool at_or_below(std::string_view path, std::string_view tree);

// "/a/b" -> "/a", "/a" -> "/", "/" -> "/".
std::string parent_of(std::string_view path);

// "/" + "/var" -> "/var", "/a" + "/b" -> "/a/b"; `below` begins with a slash.
std::string path_below(std::string_view base, std::string_view below);

}  // namespace hardened
