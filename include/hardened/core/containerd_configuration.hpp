// SPDX-License-Identifier: Apache-2.0
// config.toml, containerd's configuration, as text. What it means is containerd's own to say: facts
// are taken from what `containerd config dump` prints, and its dump of the new text proves the
// edit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hardened {

// containerd 1.x lets an imported file replace a whole plugin's section of the main one, so that a
// drop-in would erase the registry mirrors and the CNI settings of its CRI plugin; 2.x merges.
enum class ContainerdMerge { replaces_sections, deep };

// Of `containerd --version`; Error(unsupported) below 1.6 or where it cannot be read.
ContainerdMerge containerd_merge(std::string_view version_line);

struct ContainerdFacts {
  int version = 1;              // of the file: containerd takes one that does not say it for 1
  bool systemd_cgroup = false;  // of its runtime runc
  bool has_runtimes = false;    // the file names runtimes itself: containerd 1.x then forgets runc
  std::string default_runtime;  // default_runtime_name
  std::optional<std::string> hardened_binary;  // BinaryName of the runtime hardened
};

// From the dump; `text` is the main file.
ContainerdFacts containerd_facts(std::string_view dump, std::string_view text);

// The drop-in for 2.x, in the version of the main file: what is merged has the higher version of
// both, so that version 3 beside a main file of version 2 leaves that one's plugins under names
// which nobody reads (containerd 2.0 to 2.2), or is refused by a daemon that then does not start
// (since containerd pull request 12891). Error(refused) for a main file of version 1, with what to
// do.
std::string containerd_drop_in(std::string_view path, const ContainerdFacts& facts,
                               bool as_default);

// The main file of 1.x (version 2) with a block between two comments at its end, and with
// default_runtime_name set, the line before it kept in a comment. Error(refused) for another
// version, with what to do.
std::string containerd_with_block(std::string_view text, std::string_view path,
                                  const ContainerdFacts& facts, bool as_default);
// And without either: the text as it was.
std::string containerd_without_block(std::string_view text);

// The main file of 2.x with the drop-in directory among its imports. Error(refused) where it
// imports others: the line to change.
std::string containerd_with_import(std::string_view text, std::string_view pattern);

}  // namespace hardened
