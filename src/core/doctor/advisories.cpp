// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/advisories.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <tuple>

#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr int kRelease = std::numeric_limits<int>::max();

// Takes a number off the front.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

auto key(const RuntimeVersion& version) {
  return std::tuple(version.major, version.minor, version.patch, version.candidate);
}

auto branch(const RuntimeVersion& version) { return std::pair(version.major, version.minor); }

RuntimeVersion version_in_table(const std::string& text) {
  const auto version = parse_version(text);
  if (!version) throw Error(ErrorKind::system, "runtime_advisories.json: no version: " + text);
  return *version;
}

// "1.1.5+ds1-1+deb12u1" of "commit: 1.1.5+ds1-1+deb12u1": Debian puts its version there. Upstream's
// own is a hash, or what git describes: "v1.3.3-0-gd842d771".
bool commit_is_a_version(std::string_view output) {
  const std::size_t at = output.find("\ncommit:");
  if (at == std::string_view::npos) return false;
  std::string_view rest = output.substr(at + 8);
  rest = rest.substr(0, rest.find('\n'));
  while (take(rest, " ")) {
  }
  return !rest.starts_with('v') && rest.find('.') != std::string_view::npos &&
         parse_version(rest).has_value();
}

}  // namespace

std::optional<RuntimeVersion> parse_version(std::string_view text) {
  RuntimeVersion version;
  version.candidate = kRelease;
  take(text, "v");
  const auto major = take_number(text);
  if (!major || !take(text, ".")) return std::nullopt;
  const auto minor = take_number(text);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  if (take(text, ".")) {
    const auto patch = take_number(text);
    if (!patch) return std::nullopt;
    version.patch = *patch;
  }
  for (const std::string_view mark : {"-rc.", "-rc", "~rc.", "~rc"}) {
    std::string_view rest = text;
    if (!take(rest, mark)) continue;
    const auto candidate = take_number(rest);
    if (!candidate) return std::nullopt;
    version.candidate = *candidate;
    text = rest;
    break;
  }
  version.suffix = text;
  return version;
}

bool older(const RuntimeVersion& left, const RuntimeVersion& right) {
  return key(left) < key(right);
}

std::optional<NamedVersion> parse_runtime_version(std::string_view output) {
  const std::string line(output.substr(0, output.find('\n')));
  const std::vector<std::string> words = split(line, ' ');
  if (words.size() < 3 || words[1] != "version") return std::nullopt;
  const auto version = parse_version(words[2]);
  if (!version) return std::nullopt;
  const bool plain = version->suffix.empty() || version->suffix == "+dev";
  return NamedVersion{words[0], words[2], *version, !plain || commit_is_a_version(output)};
}

std::vector<Advisory> known_advisories() {
  const Json table = parse_document(default_file("runtime_advisories.json"));
  std::vector<Advisory> all;
  for (const Json& entry : find_array(table, "/advisories")) {
    const auto text = [&](const char* pointer) { return find_string(entry, pointer).value_or(""); };
    all.push_back({text("/id"), text("/runtime"), text("/introduced"),
                   find_strings(entry, "/fixed"), text("/subject"), text("/hardened"), text("/by"),
                   text("/reference")});
  }
  return all;
}

bool affects(const Advisory& advisory, const NamedVersion& version) {
  if (advisory.runtime != version.name) return false;
  if (!advisory.introduced.empty() &&
      older(version.version, version_in_table(advisory.introduced))) {
    return false;
  }
  std::optional<RuntimeVersion> oldest;
  for (const std::string& text : advisory.fixed) {
    const RuntimeVersion fixed = version_in_table(text);
    if (branch(fixed) == branch(version.version)) return older(version.version, fixed);
    if (!oldest || older(fixed, *oldest)) oldest = fixed;
  }
  return !oldest || older(version.version, *oldest);
}

}  // namespace hardened
