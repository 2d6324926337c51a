// SPDX-License-Identifier: Apache-2.0
// The invariants over generated documents. HARDENED_PROPERTY_DOCUMENTS=N tries N worlds,
// HARDENED_PROPERTY_FIRST=SEED begins with another seed; a failure prints its seed and, shrunk, the
// document, the policy and the facts that break it. HARDENED_PROPERTY_RESULTS=DIRECTORY keeps what
// the built-in profiles let through, for integration/bundle/runc_accepts.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/files.hpp"
#include "hardened/core/document.hpp"
#include "invariants.hpp"

namespace hardened::property {
namespace {

constexpr std::size_t kShrinkTries = 3000;

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Everything that one seed decides: a world, what enters its container, what updates it.
struct Trial {
  World world;
  Json process;
  Json resources;
  std::vector<std::string> words;
};

Trial trial_of(Choices& choices) {
  Trial trial{world(choices), {}, {}, {}};
  trial.process = process_document(choices);
  trial.resources = resources_document(choices);
  trial.words = arguments(choices);
  return trial;
}

// Whether something of a rewritten document is the field: "*" stands for each member.
bool has_field(const Json& value, std::string_view pattern) {
  if (pattern.empty()) return true;
  const std::size_t end = std::min(pattern.find('/', 1), pattern.size());
  const std::string token(pattern.substr(1, end - 1));
  const std::string_view below = pattern.substr(end);
  if (token == "*") {
    return std::any_of(value.begin(), value.end(),
                       [&](const Json& member) { return has_field(member, below); });
  }
  const auto member = value.is_object() ? value.find(token) : value.end();
  return member != value.end() && has_field(*member, below);
}

// Of each field of the specification that a Linux runtime reads: in how many results it was.
using Seen = std::map<std::string, std::size_t>;

void count_fields(const Json& result, Seen& seen) {
  static const Json kFields = document_of(below_tests("../defaults/fields.json"));
  for (const auto& [pattern, field] : kFields.items()) {
    static const std::vector<std::string> kElsewhere{"/windows", "/solaris", "/vm", "/zos",
                                                     "/freebsd"};
    const auto elsewhere = [&](const std::string& root) { return pattern.starts_with(root); };
    if (std::any_of(kElsewhere.begin(), kElsewhere.end(), elsewhere)) continue;
    seen[pattern] += has_field(result, pattern) ? 1 : 0;
  }
}

// What was let through, of each kind: a run in which everything is refused shows nothing.
struct Counts {
  std::size_t documents = 0, rewritten = 0, entered = 0, by_flags = 0, updated = 0, commands = 0;
  Seen fields;
};

void keep_for_runc(const char* kind, const Trial& trial, const Outcome& outcome,
                   std::size_t number) {
  static const char* const kDirectory = std::getenv("HARDENED_PROPERTY_RESULTS");
  if (kDirectory == nullptr || !outcome.accepted || trial.world.profile.name() == "other") return;
  std::ofstream file(std::filesystem::path(kDirectory) / (kind + std::to_string(number)));
  file << write_document(outcome.result);
}

std::vector<Broken> judge(const Trial& trial, Counts& counts) {
  Outcome all = rewrite(trial.world);
  keep_for_runc("config-", trial, all, counts.documents);
  const auto kept = [&](const char* kind, Outcome outcome) {
    keep_for_runc(kind, trial, outcome, counts.documents);
    return outcome;
  };
  const auto add = [&](const Outcome& outcome, std::size_t& count) {
    count += outcome.accepted ? 1 : 0;
    all.broken.insert(all.broken.end(), outcome.broken.begin(), outcome.broken.end());
  };
  ++counts.documents;
  counts.rewritten += all.accepted ? 1 : 0;
  if (all.accepted) {
    count_fields(all.result, counts.fields);
    add(kept("process-", enter(trial.process, all.result, trial.world.profile)), counts.entered);
    add(enter_by_flags(trial.words, all.result, trial.world.profile), counts.by_flags);
  }
  const HostFacts& host = trial.world.facts.host;
  add(kept("resources-", update(trial.resources, trial.world.profile, host)), counts.updated);
  add(command_line(trial.words, trial.world.profile, host), counts.commands);
  return all.broken;
}

bool breaks(const Bytes& bytes, const std::string& invariant) {
  Choices choices{std::span<const std::uint8_t>(bytes)};
  Counts counts;
  for (const Broken& broken : judge(trial_of(choices), counts)) {
    if (broken.invariant == invariant) return true;
  }
  return false;
}

std::string hexadecimal(const Bytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string shrunk_report(std::uint64_t seed, const Bytes& failing, const std::string& invariant) {
  const Bytes least = shrink(
      failing, [&](const Bytes& bytes) { return breaks(bytes, invariant); }, kShrinkTries);
  Choices choices{std::span<const std::uint8_t>(least)};
  const Trial trial = trial_of(choices);
  Counts counts;
  std::string report = "seed " + std::to_string(seed) + ", decisions " + hexadecimal(least);
  for (const Broken& broken : judge(trial, counts)) {
    report += "\n  " + broken.invariant + ": " + broken.what;
  }
  const Json usual = Policy::builtin().profile("standard").json();
  report += "\ndocument: " + trial.world.document.dump();
  report += "\npolicy, against standard: " + Json::diff(usual, trial.world.profile.json()).dump();
  report += "\nfacts: " + to_json(trial.world.facts).dump();
  report += "\nprocess: " + trial.process.dump() + "\nresources: " + trial.resources.dump();
  return report + "\narguments: " + Json(trial.words).dump();
}

class Properties : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    if (counts_.documents > 0) return;
    const std::uint64_t first = number_in("HARDENED_PROPERTY_FIRST", 1);
    const std::uint64_t count = number_in("HARDENED_PROPERTY_DOCUMENTS", 20000);
    for (std::uint64_t seed = first; seed < first + count; ++seed) try_seed(seed);
    std::printf(
        "%zu documents: %zu rewritten, %zu entered, %zu by flags, %zu updates, %zu command lines\n",
        counts_.documents, counts_.rewritten, counts_.entered, counts_.by_flags, counts_.updated,
        counts_.commands);
  }

  static void try_seed(std::uint64_t seed) {
    Choices choices(seed);
    try {
      for (const Broken& broken : judge(trial_of(choices), counts_)) {
        if (failures_[broken.invariant]++ == 0) {
          reports_[broken.invariant] = shrunk_report(seed, choices.taken(), broken.invariant);
        }
      }
    } catch (const std::exception& defect) {
      ADD_FAILURE() << "seed " << seed << ", of the generator or the order: " << defect.what();
    }
  }

  static Counts counts_;
  static std::map<std::string, std::size_t> failures_;
  static std::map<std::string, std::string> reports_;
};

Counts Properties::counts_;
std::map<std::string, std::size_t> Properties::failures_;
std::map<std::string, std::string> Properties::reports_;

TEST_P(Properties, Hold) { EXPECT_EQ(failures_[GetParam()], 0U) << reports_[GetParam()]; }

TEST_F(Properties, AreAskedOfWhatIsLetThrough) {
  if (counts_.documents < 1000) GTEST_SKIP() << "too few to tell";
  EXPECT_GT(counts_.rewritten, counts_.documents / 20);
  EXPECT_GT(counts_.entered, counts_.documents / 50);
  EXPECT_GT(counts_.by_flags, counts_.documents / 100);
  EXPECT_GT(counts_.updated, counts_.documents / 10);
  EXPECT_GT(counts_.commands, counts_.documents / 50);
}

TEST_F(Properties, AreAskedOfEveryField) {
  if (counts_.documents < 10000) GTEST_SKIP() << "too few to tell";
  for (const auto& [pattern, times] : counts_.fields) EXPECT_GE(times, 1U) << pattern;
}

INSTANTIATE_TEST_SUITE_P(Of, Properties, testing::ValuesIn(invariants()), [](const auto& param) {
  std::string name = param.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace hardened::property
