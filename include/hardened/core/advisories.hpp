// SPDX-License-Identifier: Apache-2.0
// Known holes of the low-level runtimes (defaults/runtime_advisories.json) and which of them a
// version has. Says nothing about what a distribution fixed without a new version.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hardened {

struct RuntimeVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;
  int candidate = 0;   // of "-rc.3"; a release is greater than each of its candidates
  std::string suffix;  // what follows: "+ds1", "-0ubuntu2~24.04.1", "+dev"
};

// "1.4.0-rc.3", "1.0.0~rc93+ds1", "1.20". nullopt: no version.
std::optional<RuntimeVersion> parse_version(std::string_view text);

// Without the suffix.
bool older(const RuntimeVersion& left, const RuntimeVersion& right);

struct NamedVersion {
  std::string name;  // "runc", "crun"
  std::string text;  // "1.1.5+ds1"
  RuntimeVersion version;
  // More than upstream's own: packages append to the version, or to what they call the commit.
  bool distribution = false;
};

// The output of `runc --version`. nullopt: it cannot be understood.
std::optional<NamedVersion> parse_runtime_version(std::string_view output);

struct Advisory {
  std::string id;
  std::string runtime;
  std::string introduced;  // empty: from the first version on
  std::vector<std::string> fixed;
  std::string subject;
  std::string hardened;  // "stopped", "reduced", "open": what is left of it under hardened
  std::string by;
  std::string reference;
};

// Throws Error(system) where the table itself is broken.
std::vector<Advisory> known_advisories();

// By the fix of its own branch (major.minor) where there is one, else by the oldest branch with a
// fix: branches before it never got one, branches after it began with it.
bool affects(const Advisory& advisory, const NamedVersion& version);

}  // namespace hardened
