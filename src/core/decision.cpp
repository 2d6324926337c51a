// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/decision.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <iterator>

#include "core/plan_json.hpp"
#include "hardened/core/patch.hpp"
#include "hardened/core/secrets.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr int kVersion = 1;                  // of the line's form
constexpr std::size_t kLongestValue = 4096;  // bytes
constexpr std::size_t kLongestLine = 1U << 20;
constexpr std::ptrdiff_t kMostEntries = 500;  // of each list, in a line that would be longer

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

// A seccomp profile in each line would fill the log with what the policy's digest tells as well.
void shorten(Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kLongestValue) return;
  value = {{"bytes", text.size()}, {"digest", hexadecimal(hash_of(text))}};
}

Json without_secrets_in(const Json& patch) {
  Json copy = Json::array();
  for (const Json& operation : patch) {
    const std::string pointer = operation.value("path", "");
    Json shown = Json::object();
    for (const auto& [member, value] : operation.items()) {
      const bool of_document = member == "value" || member == "before";
      shown[member] = of_document ? without_secrets(value, pointer) : value;
    }
    copy.push_back(std::move(shown));
  }
  return copy;
}

void shorten_values(Json& patch) {
  for (Json& operation : patch) {
    for (const char* member : {"value", "before"}) {
      if (operation.contains(member)) shorten(operation[member]);
    }
  }
}

Json id_range(const std::optional<IdMaps>& mapping) {
  if (!mapping || mapping->users.empty()) return nullptr;
  return {{"first_id", mapping->users.front().host}, {"size", mapping->users.front().size}};
}

Json error_json(const Ending& ending) {
  if (ending.outcome == Outcome::passed) return nullptr;
  return {{"text", ending.error}, {"pointer", ending.pointer}};
}

bool ends_with_one_of(const std::string& text, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (text.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace

std::string harmless(const Json& json) {
  std::string line;
  for (const char byte : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    switch (byte) {
      case '<':
        line += "\\u003c";
        break;
      case '>':
        line += "\\u003e";
        break;
      case '&':
        line += "\\u0026";
        break;
      default:
        line += byte;
    }
  }
  return line + '\n';
}

void add_plan(Decision& decision, const Json& original, const Plan& plan) {
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  const auto append_moved = [](Json& to, Json from) {
    for (Json& operation : from) to.push_back(std::move(operation));
  };
  append_moved(decision.changes, patch_of(original, plan.changes));
  append_moved(decision.reported, operations_of(plan.reported));
  append(decision.refusals, plan.refusals);
  append(decision.reported_refusals, plan.reported_refusals);
  append(decision.degraded, plan.degraded);
  append(decision.reported_degraded, plan.reported_degraded);
  decision.mapping = plan.mapping;
}

Ending ending_of(const Error& error) {
  const bool failed = error.kind() == ErrorKind::system || error.kind() == ErrorKind::usage;
  return {failed ? Outcome::failed : Outcome::refused, error.what(), error.pointer()};
}

std::string engine_of(const std::string& root, const std::string& bundle) {
  if (ends_with_one_of(root, {"/moby", "/plugins.moby"})) return "docker";
  if (root.ends_with("/k8s.io")) return "cri";
  if (bundle.find("/io.containerd.runtime.v2.task/") != std::string::npos) return "containerd";
  if (bundle.find("/containerd/runc/") != std::string::npos) return "containerd";
  if (bundle.find("/buildkit/") != std::string::npos) return "buildkit";
  if (bundle.ends_with("/userdata")) {
    return bundle.find("/crio/") != std::string::npos || root.find("crio") != std::string::npos
               ? "cri-o"
               : "podman";
  }
  return "";
}

std::string policy_digest(const Policy& policy) {
  return hexadecimal(hash_of(policy.json().dump()));
}

Json decision_json(const Decision& decision, const Ending& ending, std::uint64_t time,
                   std::uint64_t duration) {
  return {{"version", kVersion},
          {"time", utc_time(time)},
          {"operation", name_of(decision.operation)},
          {"outcome", name_of(ending.outcome)},
          {"engine", engine_of(decision.root, decision.bundle)},
          {"root", decision.root},
          {"id", decision.id},
          {"bundle", decision.bundle},
          {"profile", decision.profile},
          {"policy", decision.policy},
          {"id_range", id_range(decision.mapping)},
          {"changes", without_secrets_in(decision.changes)},
          {"refusals", refusals_json(decision.refusals)},
          {"reported", without_secrets_in(decision.reported)},
          {"reported_refusals", refusals_json(decision.reported_refusals)},
          {"degraded", degraded_json(decision.degraded)},
          {"reported_degraded", degraded_json(decision.reported_degraded)},
          {"error", error_json(ending)},
          {"duration_us", duration}};
}

std::string trail_line(const Decision& decision, const Ending& ending, std::uint64_t time,
                       std::uint64_t duration, bool whole) {
  Json line = decision_json(decision, ending, time, duration);
  if (!whole) {
    shorten_values(line["changes"]);
    shorten_values(line["reported"]);
  }
  const std::string text = harmless(line);
  if (text.size() <= kLongestLine) return text;
  for (const char* list : {"changes", "reported"}) {
    for (Json& operation : line[list]) {
      operation.erase("value");
      operation.erase("before");
    }
  }
  // What is left out is counted: a line must not say that there was nothing.
  for (const char* list : kTrailLists) {
    if (std::ssize(line[list]) <= kMostEntries) continue;
    line[std::string(list) + "_left_out"] = std::ssize(line[list]) - kMostEntries;
    line[list].erase(line[list].begin() + kMostEntries, line[list].end());
  }
  return harmless(line);
}

std::string utc_time(std::uint64_t microseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> point{std::chrono::microseconds(microseconds)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss time(point - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::create:
      return "create";
    case Operation::run:
      return "run";
    case Operation::restore:
      return "restore";
    case Operation::exec:
      return "exec";
    case Operation::update:
      return "update";
    case Operation::forward:
      return "forward";
  }
  return "";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

}  // namespace hardened
