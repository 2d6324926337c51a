// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_options.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

using std::string_view;

// Each also exists with an r before it, for everything mounted below (mount_setattr).
constexpr std::array<string_view, 16> kRecursiveFlags{
    "ro",       "rw",         "suid",        "nosuid",       "dev",      "nodev",
    "exec",     "noexec",     "atime",       "noatime",      "diratime", "nodiratime",
    "relatime", "norelatime", "strictatime", "nostrictatime"};
constexpr std::array<string_view, 15> kFlags{
    "defaults", "sync",       "async",  "dirsync", "mand", "nomand", "lazytime", "nolazytime",
    "iversion", "noiversion", "silent", "loud",    "acl",  "noacl",  "symfollow"};
constexpr std::array<string_view, 5> kOtherFlags{"nosymfollow", "rsymfollow", "rnosymfollow",
                                                 "bind", "rbind"};
constexpr std::array<string_view, 8> kPropagation{"private",  "shared",  "slave",  "unbindable",
                                                  "rprivate", "rshared", "rslave", "runbindable"};
constexpr std::array<string_view, 13> kTmpfs{
    "size", "nr_blocks", "nr_inodes", "mode",   "uid",     "gid",      "huge",
    "mpol", "inode32",   "inode64",   "noswap", "context", "tmpcopyup"};
constexpr std::array<string_view, 7> kDevpts{"newinstance", "ptmxmode", "mode",   "gid",
                                             "uid",         "max",      "context"};
constexpr std::array<string_view, 3> kProc{"hidepid", "gid", "subset"};

template <typename List>
bool holds(const List& list, string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

string_view opposite_of(string_view word) {
  return word == "ro" ? string_view("rw") : word.starts_with("no") ? word.substr(2) : string_view();
}

bool is_data(string_view key, string_view type) {
  if (type == "tmpfs") return holds(kTmpfs, key);
  if (type == "devpts") return holds(kDevpts, key);
  if (type == "proc") return holds(kProc, key);
  return type == "mqueue" && key == "context";
}

}  // namespace

MountOptions::MountOptions(std::vector<std::string> words) : words_(std::move(words)) {}

bool MountOptions::has(string_view word) const { return holds(words_, word); }

bool MountOptions::read_only() const {
  if (has("rro") && !has("rrw")) return true;
  bool read_only = false;
  for (const std::string& word : words_) {
    if (word == "ro") read_only = true;
    if (word == "rw") read_only = false;
  }
  return read_only && !has("rrw");
}

void MountOptions::drop(string_view word) {
  words_.erase(std::remove(words_.begin(), words_.end(), word), words_.end());
}

void MountOptions::want(string_view word) {
  const bool recursive = word.starts_with('r') && word != "ro";
  const std::string opposite(opposite_of(recursive ? word.substr(1) : word));
  drop(opposite);
  // The recursive words are applied last, by mount_setattr: rsuid would undo nosuid.
  drop("r" + opposite);
  if (!has(word)) words_.emplace_back(word);
}

void MountOptions::want_propagation() {
  if (std::none_of(words_.begin(), words_.end(),
                   [](const std::string& word) { return holds(kPropagation, word); })) {
    words_.emplace_back("rprivate");
  }
}

bool is_bind(const Json& mount) {
  return find_string(mount, "/type").value_or("") == "bind" ||
         MountOptions(find_strings(mount, "/options")).bind();
}

bool is_known_option(string_view word, string_view type) {
  if (holds(kRecursiveFlags, word) || holds(kFlags, word) || holds(kOtherFlags, word) ||
      holds(kPropagation, word)) {
    return true;
  }
  if (word.starts_with('r') && holds(kRecursiveFlags, word.substr(1))) return true;
  const string_view key = word.substr(0, word.find('='));
  // An SELinux label has commas of its own, in quotes.
  return is_data(key, type) && (key == "context" || word.find(',') == word.npos);
}

}  // namespace hardened
