// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/policy.hpp"

#include <algorithm>
#include <optional>

#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestChain = 8;  // of `extends`

void merge(Json& base, const Json& over) {
  if (!base.is_object() || !over.is_object()) {
    base = over;
    return;
  }
  for (const auto& [key, value] : over.items()) {
    if (base.contains(key)) {
      merge(base[key], value);
    } else {
      base[key] = value;
    }
  }
}

RuleMode mode_of(const Json& object) {
  const std::string mode = object.value("mode", "enforce");
  return mode == "off" ? RuleMode::off : mode == "report" ? RuleMode::report : RuleMode::enforce;
}

std::string guess(std::string_view word, const std::vector<std::string>& known) {
  const std::string_view near = nearest(word, {known.begin(), known.end()});
  return near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?";
}

// "strict" of "hardened-strict".
std::optional<std::string> profile_of_name(std::string_view invoked_as) {
  constexpr std::string_view kPrefix = "hardened-";
  if (!invoked_as.starts_with(kPrefix)) return std::nullopt;
  return std::string(invoked_as.substr(kPrefix.size()));
}

[[noreturn]] void refuse_annotation(std::string_view text) {
  throw Error(ErrorKind::refused, "/annotations/hardened.profile", text);
}

}  // namespace

Profile::Profile(std::string name, Json settings)
    : name_(std::move(name)), settings_(std::move(settings)) {}

RuleMode Profile::mode(std::string_view rule) const {
  const RuleMode own = mode_of(settings(rule));
  return own == RuleMode::enforce ? mode_of(settings_) : own;
}

UnlistedFields Profile::unlisted_fields() const {
  return find_string(settings_, "/unlisted_fields") == "refuse" ? UnlistedFields::refuse
                                                                : UnlistedFields::keep;
}

const Json& Profile::settings(std::string_view rule) const {
  const Json* found = find(settings_, join("/rules", rule));
  if (found == nullptr) {
    throw Error(ErrorKind::invalid_input, join("/rules", rule),
                "profile " + name_ + " has no settings for this rule");
  }
  return *found;
}

Policy::Policy(Json json) : json_(std::move(json)) {}

Policy Policy::builtin() {
  Json json = parse_document(default_file("policy.json"));
  for (const std::string_view file : default_files("profiles/")) {
    std::string name(file.substr(file.find('/') + 1));
    name.resize(name.size() - std::string_view(".json").size());
    json["profiles"][name] = parse_document(default_file(file));
  }
  return Policy(std::move(json));
}

void Policy::layer(std::string_view text, std::string_view source) {
  try {
    const Json over = parse_document(text, {.comments = true});
    check_schema(over, parse_document(default_file("policy.schema.json")));
    for (const auto& [name, profile] : find_object(over, "/profiles").items()) {
      // It would lack settings, and which of them stand open nobody could see.
      if (find(json_, join("/profiles", name)) == nullptr && !profile.contains("extends")) {
        throw Error(ErrorKind::invalid_input, printable(join("/profiles", name)),
                    "a new profile must name the one it extends" + guess(name, profiles()));
      }
    }
    merge(json_, over);
  } catch (Error& error) {
    throw error.within(printable(source));
  }
}

void Policy::check() const {
  for (const std::string& name : profiles()) profile(name);
  profile(default_profile());
  for (const std::string& name : find_strings(json_, "/selectable_profiles")) profile(name);
}

Profile Policy::profile(std::string_view name) const {
  std::vector<const Json*> chain;
  std::optional<std::string> wanted(name);
  while (wanted) {
    const Json* link = find(json_, join("/profiles", *wanted));
    if (link == nullptr) {
      throw Error(ErrorKind::invalid_input, "there is no profile \"" + printable(*wanted, 60) +
                                                '"' + guess(*wanted, profiles()));
    }
    chain.push_back(link);
    if (chain.size() > kLongestChain) {
      throw Error(ErrorKind::invalid_input, printable(join("/profiles", name)) + "/extends",
                  "extends itself, or more than 8 profiles in a row");
    }
    wanted = find_string(*link, "/extends");
  }
  Json resolved = Json::object();
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) merge(resolved, **link);
  resolved.erase("extends");
  return Profile(std::string(name), std::move(resolved));
}

std::string Policy::default_profile() const {
  return find_string(json_, "/default_profile").value_or("standard");
}

bool Policy::selectable(std::string_view profile) const {
  const std::vector<std::string> names = find_strings(json_, "/selectable_profiles");
  return std::find(names.begin(), names.end(), profile) != names.end();
}

bool Policy::restore_allowed() const {
  return find_string(json_, "/restore").value_or("refuse") == "allow";
}

std::vector<std::string> Policy::profiles() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : find_object(json_, "/profiles").items()) names.push_back(name);
  return names;
}

std::string select_profile(const Policy& policy, const ProfileRequest& request) {
  std::optional<std::string> fixed = request.option;
  if (!fixed) fixed = profile_of_name(request.invoked_as);
  std::string chosen = fixed.value_or(policy.default_profile());
  policy.profile(chosen);
  if (!request.annotation || *request.annotation == chosen) return chosen;
  const std::string asked = "asks for profile \"" + printable(*request.annotation, 60) + '"';
  // A document that could leave a profile which the administrator chose would choose the weaker
  // one.
  if (fixed) refuse_annotation(asked + ", but this runtime is set up for \"" + chosen + '"');
  if (!policy.selectable(*request.annotation)) {
    refuse_annotation(asked + "; policy setting: selectable_profiles");
  }
  policy.profile(*request.annotation);
  return *request.annotation;
}

std::string policy_show(const Policy& policy, const std::optional<std::string>& profile) {
  return (profile ? policy.profile(*profile).json() : policy.json()).dump(2) + '\n';
}

}  // namespace hardened
