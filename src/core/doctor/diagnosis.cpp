// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/diagnosis.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/doctor/checks.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

constexpr std::array kGroups{judge_own, judge_kernel, judge_host,   judge_runtime,
                             judge_ids, judge_engine, judge_daemon, judge_files};

}  // namespace

std::vector<Finding> diagnose(const Observation& seen) {
  std::vector<Finding> all;
  for (const auto judge : kGroups) std::ranges::move(judge(seen), std::back_inserter(all));
  return all;
}

int exit_code(const std::vector<Finding>& findings) {
  const bool failed = std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.verdict == Verdict::fail; });
  return failed ? 3 : 0;
}

Finding finding_of(std::string id, std::string title, Judgement judgement) {
  Finding finding;
  finding.group = id.substr(0, id.find('/'));
  finding.id = std::move(id);
  finding.title = std::move(title);
  finding.verdict = judgement.verdict;
  finding.evidence = std::move(judgement.evidence);
  finding.remedy = std::move(judgement.remedy);
  finding.details = std::move(judgement.details);
  return finding;
}

Finding finding_of(const Check& check, const Observation& seen) {
  Finding finding = finding_of(std::string(check.id), std::string(check.title), check.judge(seen));
  finding.reference = check.reference;
  return finding;
}

bool enforces(const Observation& seen, std::string_view rule) {
  return seen.policy.profile(seen.policy.default_profile()).mode(rule) == RuleMode::enforce;
}

std::string why_unseen(const FileSeen& file) {
  if (file.sight == Sight::missing) return file.path + " is not there";
  return file.path + " cannot be looked at" + (file.why.empty() ? "" : ": " + file.why);
}

std::string describe(const FileSeen& file) {
  std::string octal(4, '0');
  std::uint32_t rest = file.mode;
  for (auto digit = octal.rbegin(); digit != octal.rend(); ++digit, rest >>= 3) {
    *digit = static_cast<char>('0' + (rest & 7));
  }
  return octal + ' ' + file.owner_name + ':' + file.group_name;
}

std::vector<std::string> our_runtimes(const EngineSeen& engine) {
  std::vector<std::string> names;
  for (const RegisteredRuntime& runtime : engine.runtimes) {
    if (runtime.file.ours) names.push_back(runtime.name);
  }
  return names;
}

bool hardened_is_default(const EngineSeen& engine) {
  const auto name = find_string(engine.settings, "/default-runtime");
  return name && std::ranges::count(our_runtimes(engine), *name) != 0;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace hardened
