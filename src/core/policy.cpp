// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/policy.hpp"

#include <algorithm>
#include <optional>

#include "core/policy_names.hpp"
#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestChain = 8;  // of `extends`

// Below a profile.
constexpr const char* kExtends = "/extends";
constexpr const char* kPool = "/rules/user-namespace/pool";
constexpr const char* kRangeSize = "/rules/user-namespace/range_size";
constexpr const char* kDenied = "/rules/seccomp/denied";

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
  return did_you_mean(word, {known.begin(), known.end()});
}

// "strict" of "hardened-strict".
std::optional<std::string> profile_of_name(std::string_view invoked_as) {
  constexpr std::string_view kPrefix = "hardened-";
  if (!invoked_as.starts_with(kPrefix)) return std::nullopt;
  return std::string(invoked_as.substr(kPrefix.size()));
}

// A profile is all that CIS section 5 gets for a container.
[[noreturn]] void refuse_annotation(const std::string& asked, std::string_view setting) {
  throw refused({"", "/annotations/hardened.profile", asked, "CIS 5", std::string(setting)});
}

std::string place_of(std::string_view profile, std::string_view below) {
  return join("/profiles", profile).append(below);
}

// What check() can only judge when the last file is laid over the others.
std::vector<std::string> places_to_check(const Json& policy) {
  std::vector<std::string> places{"/default_profile", "/selectable_profiles"};
  for (const auto& [name, profile] : find_object(policy, "/profiles").items()) {
    for (const char* below : {kExtends, kPool, kRangeSize, kDenied}) {
      places.push_back(place_of(name, below));
    }
  }
  std::erase_if(places, [&](const std::string& place) { return find(policy, place) == nullptr; });
  return places;
}

// Such as an administrator is likely to deny: those that containers are given.
std::vector<std::string> usual_calls() {
  std::vector<std::string> names;
  const Json shipped = parse_document(default_file("seccomp.json"));
  for (const Json& entry : shipped.at("syscalls")) {
    for (const Json& name : entry.at("names")) names.push_back(name.get<std::string>());
  }
  return names;
}

}  // namespace

Profile::Profile(std::string name, Json settings, std::vector<IdRange> pools)
    : name_(std::move(name)), settings_(std::move(settings)), pools_(std::move(pools)) {
  if (const Json* own = find(settings_, "/rules/user-namespace"); own != nullptr && pools_.empty())
    pools_.push_back(id_pool(*own));
}

RuleMode Profile::mode(std::string_view rule) const {
  const RuleMode own = mode_of(settings(rule));
  return own == RuleMode::enforce ? mode_of(settings_) : own;
}

UnlistedFields Profile::unlisted_fields() const {
  return find_string(settings_, "/unlisted_fields") == "refuse" ? UnlistedFields::refuse
                                                                : UnlistedFields::keep;
}

const Json& Profile::settings(std::string_view rule) const& {
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
    check_policy_names(over);
    for (const auto& [name, profile] : find_object(over, "/profiles").items()) {
      // It would lack settings, and which of them stand open nobody could see.
      if (find(json_, join("/profiles", name)) == nullptr && !profile.contains("extends")) {
        throw Error(ErrorKind::invalid_input, printable(join("/profiles", name)),
                    "a new profile must name the one it extends" + guess(name, profiles()));
      }
    }
    merge(json_, over);
    layered_ = true;
    for (std::string& place : places_to_check(over)) {
      sources_[std::move(place)] = printable(source);
    }
  } catch (Error& error) {
    throw error.within(printable(source));
  }
}

void Policy::check(bool (*is_system_call)(const std::string& name)) const {
  if (!layered_) return;  // the built-in one was checked when it was made: tests/core/policy.cpp
  for (const std::string& name : profiles()) {
    profile(name);
    check_pool(name);
    check_denied_calls(name, is_system_call);
  }
  resolve(default_profile(), "/default_profile");
  for (const std::string& name : find_strings(json_, "/selectable_profiles")) {
    resolve(name, "/selectable_profiles");
  }
}

// The nearest link of the chain whose pool or range a file set.
std::string Policy::range_set_at(const std::string& profile) const {
  std::optional<std::string> link = profile;
  while (link) {
    for (const char* below : {kRangeSize, kPool}) {
      const std::string place = place_of(*link, below);
      if (sources_.contains(place)) return place;
    }
    link = find_string(json_, place_of(*link, kExtends));
  }
  return place_of(profile, kPool);
}

void Policy::check_pool(const std::string& profile) const {
  const Profile whole = this->profile(profile);
  const Json& settings = whole.settings("user-namespace");
  if (first_range(settings).size != 0) return;
  fail(range_set_at(profile),
       "the pool of " + std::to_string(id_pool(settings).size) + " ids holds no range of " +
           std::to_string(find_integer(settings, "/range_size").value_or(0)));
}

void Policy::check_denied_calls(const std::string& profile,
                                bool (*is_system_call)(const std::string& name)) const {
  const std::string place = place_of(profile, kDenied);
  // The built-in lists may name what this libseccomp does not know yet, and so may a copy of them.
  if (!sources_.contains(place)) return;
  for (const std::string& name : find_strings(json_, place)) {
    if (is_system_call(name)) continue;
    const std::vector<std::string> usual = usual_calls();
    if (std::find(usual.begin(), usual.end(), name) != usual.end()) continue;
    fail(place, "\"" + printable(name, 60) + "\" is no system call" + guess(name, usual));
  }
}

void Policy::fail(const std::string& pointer, std::string_view text) const {
  Error error(ErrorKind::invalid_input, printable(pointer), text);
  const auto source = sources_.find(pointer);
  throw source == sources_.end() ? error : error.within(source->second);
}

// The link of the chain that an administrator's file made: the built-in ones are sound.
std::string Policy::extends_itself(const std::vector<std::string>& chain) const {
  for (const std::string& name : chain) {
    const std::string place = place_of(name, kExtends);
    if (sources_.contains(place)) return place;
  }
  return place_of(chain.front(), kExtends);
}

Profile Policy::profile(std::string_view name) const {
  std::vector<IdRange> pools;
  for (const std::string& other : profiles()) {
    // One that sets none has the pool of a profile that it extends.
    if (find(json_, place_of(other, kPool)) == nullptr) continue;
    const Json settings = resolve(other, "");
    pools.push_back(id_pool(*find(settings, "/rules/user-namespace")));
  }
  return Profile(std::string(name), resolve(name, ""), std::move(pools));
}

Json Policy::resolve(std::string_view name, std::string asked_at) const {
  std::vector<std::string> chain;
  std::vector<const Json*> links;
  std::optional<std::string> wanted(name);
  while (wanted) {
    const std::string place = join("/profiles", *wanted);
    const Json* link = find(json_, place);
    if (link == nullptr) {
      fail(asked_at,
           "there is no profile \"" + printable(*wanted, 60) + '"' + guess(*wanted, profiles()));
    }
    chain.push_back(*wanted);
    links.push_back(link);
    if (chain.size() > kLongestChain) {
      fail(extends_itself(chain), "extends itself, or more than 8 profiles in a row");
    }
    asked_at = place + "/extends";
    wanted = find_string(*link, "/extends");
  }
  Json resolved = Json::object();
  for (auto link = links.rbegin(); link != links.rend(); ++link) merge(resolved, **link);
  resolved.erase("extends");
  return resolved;
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

bool Policy::no_pivot_allowed() const {
  return find_string(json_, "/no_pivot").value_or("refuse") == "allow";
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
  const std::string asked = "the profile \"" + printable(*request.annotation, 60) + '"';
  // A document that could leave a profile which the administrator chose would choose the weaker
  // one.
  if (fixed) refuse_annotation(asked + ", but this runtime is set up for \"" + chosen + '"', "");
  if (!policy.selectable(*request.annotation)) refuse_annotation(asked, "selectable_profiles");
  policy.profile(*request.annotation);
  return *request.annotation;
}

std::string policy_show(const Policy& policy, const std::optional<std::string>& profile) {
  return (profile ? policy.profile(*profile).json() : policy.json()).dump(2) + '\n';
}

}  // namespace hardened
