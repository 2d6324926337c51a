// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mountinfo.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kDeleted = "//deleted";

[[noreturn]] void malformed(std::string_view line) {
  throw Error(ErrorKind::invalid_input, "mountinfo: not a mount: " + printable(line));
}

// Cuts the first field off `rest`. Fields are separated by exactly one space: an empty source is
// two in a row.
std::string_view cut(std::string_view& rest, char separator = ' ') {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::optional<std::uint64_t> number(std::string_view field) {
  std::uint64_t value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool octal(char digit) { return digit >= '0' && digit <= '7'; }

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (const std::string_view option : split_options(list)) {
    parts.push_back(unescape_mountinfo(option));
  }
  return parts;
}

}  // namespace

std::string unescape_mountinfo(std::string_view field) {
  std::string text;
  text.reserve(field.size());
  for (std::size_t at = 0; at < field.size(); ++at) {
    const std::string_view digits = field.substr(at + 1, 3);
    if (field[at] == '\\' && digits.size() == 3 &&
        std::all_of(digits.begin(), digits.end(), octal)) {
      text += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
      at += 3;
    } else {
      text += field[at];
    }
  }
  return text;
}

std::vector<std::string_view> split_options(std::string_view options) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= options.size() && !options.empty(); ++at) {
    // An SELinux label has commas of its own: context="system_u:object_r:x:s0:c1,c2".
    if (at < options.size() && options[at] == '"') quoted = !quoted;
    if (at < options.size() && (options[at] != ',' || quoted)) continue;
    parts.push_back(options.substr(begin, at - begin));
    begin = at + 1;
  }
  return parts;
}

MountTable::MountTable(std::string_view text) : text_(text) {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t begin = text_.size() - rest.size();
    const std::string_view line = cut(rest, '\n');
    std::string_view fields = line;
    const std::optional<std::uint64_t> id = number(cut(fields));
    const std::optional<std::uint64_t> parent = number(cut(fields));
    if (!id || !parent) malformed(line);
    lines_.push_back({*id, *parent, begin, line.size()});
  }
}

Mount MountTable::parse(const Line& line) const {
  const std::string_view whole = std::string_view(text_).substr(line.begin, line.length);
  std::string_view rest = whole;
  cut(rest);
  cut(rest);
  Mount mount;
  mount.id = line.id;
  mount.parent = line.parent;
  mount.device = cut(rest);
  mount.root = unescape_mountinfo(cut(rest));
  mount.mount_point = unescape_mountinfo(cut(rest));
  mount.options = split(cut(rest));
  while (true) {
    const std::string_view field = cut(rest);
    if (field == "-") break;
    if (field.empty()) malformed(whole);
    mount.propagation.emplace_back(field);
  }
  mount.file_system = unescape_mountinfo(cut(rest));
  mount.source = unescape_mountinfo(cut(rest));
  mount.super_options = rest;
  if (mount.root.empty() || !mount.mount_point.starts_with('/') || mount.file_system.empty()) {
    malformed(whole);
  }
  // No name has an empty component, so this is the kernel's mark and not a directory called
  // "deleted".
  if (mount.root.ends_with(kDeleted)) {
    mount.deleted = true;
    mount.root.resize(mount.root.size() - kDeleted.size());
  }
  return mount;
}

std::optional<Mount> MountTable::find(std::uint64_t id) const {
  const auto line =
      std::find_if(lines_.begin(), lines_.end(), [&](const Line& l) { return l.id == id; });
  if (line == lines_.end()) return std::nullopt;
  return parse(*line);
}

const std::vector<Mount>& MountTable::all() const {
  for (std::size_t index = all_.size(); index < lines_.size(); ++index) {
    all_.push_back(parse(lines_[index]));
  }
  return all_;
}

std::vector<Mount> MountTable::below(std::uint64_t id, std::string_view path) const {
  std::vector<Line> by_parent = lines_;
  const auto earlier = [](const Line& a, const Line& b) { return a.parent < b.parent; };
  std::stable_sort(by_parent.begin(), by_parent.end(), earlier);
  const auto children = [&](std::uint64_t parent) {
    return std::equal_range(by_parent.begin(), by_parent.end(), Line{0, parent, 0, 0}, earlier);
  };
  std::vector<Mount> found;
  std::unordered_set<std::uint64_t> known{id};
  const auto add = [&](const Line& line) {
    // The root mount of a namespace may be its own parent.
    if (known.insert(line.id).second) found.push_back(parse(line));
  };
  for (auto [child, end] = children(id); child != end; ++child) {
    // By the mount it sits on and by its name: what another mount over `path` has hidden stays
    // hidden.
    if (lies_in(parse(*child).mount_point, path)) add(*child);
  }
  for (std::size_t index = 0; index < found.size(); ++index) {
    for (auto [child, end] = children(found[index].id); child != end; ++child) add(*child);
  }
  return found;
}

bool lies_in(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return path.starts_with('/');
  return path.starts_with(ancestor) &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

std::optional<Location> locate(const Mount& mount, std::string_view path) {
  if (!lies_in(path, mount.mount_point)) return std::nullopt;
  if (mount.mount_point != "/") path.remove_prefix(mount.mount_point.size());
  if (path == "/") path = "";
  if (mount.root != "/" || path.empty()) {
    return Location{mount.device, mount.root + std::string(path)};
  }
  return Location{mount.device, std::string(path)};
}

std::vector<std::string> locked_options(const Mount& mount) {
  constexpr std::array<std::string_view, 4> kLocked{"ro", "nosuid", "nodev", "noexec"};
  std::vector<std::string> locked;
  std::copy_if(mount.options.begin(), mount.options.end(), std::back_inserter(locked),
               [&](const std::string& option) {
                 return std::find(kLocked.begin(), kLocked.end(), option) != kLocked.end();
               });
  return locked;
}

}  // namespace hardened
