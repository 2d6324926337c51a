// SPDX-License-Identifier: Apache-2.0
// The words of a mount's options, as runc and crun read them: flags, where the last word wins, and
// data for the file system. Knows which words are harmless; refuses nothing itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

class MountOptions {
 public:
  explicit MountOptions(std::vector<std::string> words);

  bool has(std::string_view word) const;
  // bind or rbind: whatever the type says, the runtime binds.
  bool bind() const { return has("bind") || has("rbind"); }
  bool read_only() const;
  bool shared() const { return has("shared") || has("rshared"); }
  bool id_mapped() const { return has("idmap") || has("ridmap"); }

  // Takes out the opposites of "nosuid", "nodev", "noexec", "ro" or their recursive forms, and adds
  // it.
  void want(std::string_view word);
  // Adds rprivate where no propagation is given: the runtime's own default would be its parent's.
  void want_propagation();
  void drop(std::string_view word);

  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
};

// What the runtime will do: bind by type or by option.
bool is_bind(const Json& mount);

// Whether the word is a plain flag, or data that this type of file system takes, without a second
// option smuggled in behind a comma. remount is neither: it changes a mount that was judged before.
bool is_known_option(std::string_view word, std::string_view type);

}  // namespace hardened
