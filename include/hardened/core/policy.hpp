// SPDX-License-Identifier: Apache-2.0
// The administrator's word: profiles and their rules' settings, built in, then layered. Refuses
// unknown keys (naming the nearest known one), wrong types and unknown profiles.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hardened/core/fields.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

enum class RuleMode { enforce, report, off };

// One resolved profile: `extends` applied, every rule present with every setting.
class Profile {
 public:
  // `pools`: as pools() will answer; empty: this profile's own.
  Profile(std::string name, Json settings, std::vector<IdRange> pools = {});

  const std::string& name() const { return name_; }
  // Report for every rule where the profile as a whole is in report mode.
  RuleMode mode(std::string_view rule) const;
  // The settings object of a rule, complete by the built-in profile it extends. Throws
  // Error(invalid_input) on an unknown rule.
  const Json& settings(std::string_view rule) const&;
  const Json& settings(std::string_view rule) const&& = delete;  // they are part of the profile
  UnlistedFields unlisted_fields() const;
  // The host ids that some profile of the policy, this one or another, gives away: no document is
  // believed to own any of them.
  const std::vector<IdRange>& pools() const& { return pools_; }
  // The whole profile object: mode, unlisted_fields, rules.
  const Json& json() const& { return settings_; }
  Json json() && { return std::move(settings_); }

 private:
  std::string name_;
  Json settings_;
  std::vector<IdRange> pools_;
};

class Policy {
 public:
  // The compiled-in defaults/policy.json and defaults/profiles/*.json.
  static Policy builtin();

  // Lays a policy file over this one: objects merge by key, arrays and scalars replace. `source`
  // names the file in errors. A profile that is new must name what it extends. Throws
  // Error(invalid_input) and leaves this policy as it was.
  void layer(std::string_view text, std::string_view source);

  // After the last layer: every profile that the policy names is there and rests on a complete one,
  // its pool holds a range, and each call that a file denies is one, by `is_system_call`: a
  // misspelt one would stay allowed. Throws Error(invalid_input) with the place and its source.
  void check(bool (*is_system_call)(const std::string& name)) const;

  // Throws Error(invalid_input) naming the nearest profile.
  Profile profile(std::string_view name) const;
  std::string default_profile() const;
  bool selectable(std::string_view profile) const;  // by the annotation hardened.profile
  bool restore_allowed() const;
  bool no_pivot_allowed() const;
  std::vector<std::string> profiles() const;
  const Json& json() const& { return json_; }
  Json json() && { return std::move(json_); }

 private:
  explicit Policy(Json json);
  // `asked_at` is where the policy names the profile; empty: somebody else names it.
  Json resolve(std::string_view name, std::string asked_at) const;
  std::string range_set_at(const std::string& profile) const;
  void check_pool(const std::string& profile) const;
  void check_denied_calls(const std::string& profile,
                          bool (*is_system_call)(const std::string& name)) const;
  std::string extends_itself(const std::vector<std::string>& chain) const;
  [[noreturn]] void fail(const std::string& pointer, std::string_view text) const;

  Json json_;
  bool layered_ = false;
  std::map<std::string, std::string> sources_;  // of each place that check() looks at
};

// Who named a profile for a container, and which.
struct ProfileRequest {
  std::optional<std::string>
      option;              // our own --profile: the administrator's, in the engine's set-up
  std::string invoked_as;  // "hardened-strict": likewise, by the name of a link
  std::optional<std::string> annotation;  // hardened.profile: the user's
};

// The option, else the name, else the annotation, else the default. What an administrator fixed a
// user cannot change: with an option or a name, an annotation that asks for another profile is
// refused; without them, one that is neither the default nor selectable. Error(refused) at
// /annotations/hardened.profile for the user's, Error(invalid_input) for the administrator's.
std::string select_profile(const Policy& policy, const ProfileRequest& request);

// What `hardened policy show` prints: one profile with everything it extends, or the whole policy.
std::string policy_show(const Policy& policy, const std::optional<std::string>& profile);

// Throws Error(invalid_input, pointer, ...) where `value` does not fit `schema` (the subset of JSON
// Schema 2020-12 that defaults/policy.schema.json uses). A schema that uses more is Error(system).
void check_schema(const Json& value, const Json& schema);

}  // namespace hardened
