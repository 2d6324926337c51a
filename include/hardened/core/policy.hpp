// SPDX-License-Identifier: Apache-2.0
// The administrator's word: profiles and their rules' settings, built in, then layered. Refuses unknown
// keys (naming the nearest known one), wrong types and unknown profiles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/fields.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

enum class RuleMode { enforce, report, off };

// One resolved profile: `extends` applied, every rule present with every setting.
class Profile {
 public:
  Profile(std::string name, Json settings);

  const std::string& name() const { return name_; }
  // Report for every rule where the profile as a whole is in report mode.
  RuleMode mode(std::string_view rule) const;
  // The settings object of a rule, complete by the built-in profile it extends. Throws Error(invalid_input) on
  // an unknown rule.
  const Json& settings(std::string_view rule) const;
  UnlistedFields unlisted_fields() const;
  // The whole profile object: mode, unlisted_fields, rules.
  const Json& json() const { return settings_; }

 private:
  std::string name_;
  Json settings_;
};

class Policy {
 public:
  // The compiled-in defaults/policy.json and defaults/profiles/*.json.
  static Policy builtin();

  // Lays a policy file over this one: objects merge by key, arrays and scalars replace. `source` names the
  // file in errors. Throws Error(invalid_input).
  void layer(std::string_view text, std::string_view source);

  // Throws Error(invalid_input) naming the nearest profile.
  Profile profile(std::string_view name) const;
  std::string default_profile() const;
  bool selectable(std::string_view profile) const;  // by the annotation hardened.profile
  bool restore_allowed() const;
  std::vector<std::string> profiles() const;
  const Json& json() const { return json_; }

 private:
  explicit Policy(Json json);
  Json json_;
};

// Throws Error(invalid_input, pointer, ...) where `value` does not fit `schema` (the subset of JSON Schema
// 2020-12 that defaults/policy.schema.json uses).
void check_schema(const Json& value, const Json& schema, std::string_view source);

}  // namespace hardened
