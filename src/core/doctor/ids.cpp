// SPDX-License-Identifier: Apache-2.0
// Whether somebody else has ids of the pools from which containers get theirs.
#include <algorithm>
#include <array>

#include "core/doctor/checks.hpp"

namespace hardened {
namespace {

bool overlap(const IdRange& one, const IdRange& other) {
  const auto end = [](const IdRange& range) { return std::uint64_t{range.first} + range.size; };
  return one.size > 0 && other.size > 0 && one.first < end(other) && other.first < end(one);
}

std::string text_of(const IdRange& range) {
  const std::uint64_t last = std::uint64_t{range.first} + range.size - 1;
  return range.size == 1 ? std::to_string(range.first)
                         : std::to_string(range.first) + " to " + std::to_string(last);
}

struct Pool {
  IdRange ids;
  std::vector<std::string> profiles;
};

// Profiles mostly share one.
std::vector<Pool> pools(const Observation& seen) {
  std::vector<Pool> all;
  for (const std::string& name : seen.policy.profiles()) {
    const Profile profile = seen.policy.profile(name);
    if (profile.mode("user-namespace") == RuleMode::off) continue;
    const IdRange ids = id_pool(profile.settings("user-namespace"));
    const auto known = std::ranges::find(all, ids, &Pool::ids);
    if (known == all.end()) {
      all.push_back({ids, {name}});
    } else {
      known->profiles.push_back(name);
    }
  }
  return all;
}

std::vector<std::string> conflicts(const Observation& seen, const Pool& pool, IdClaim::Kind kind) {
  constexpr std::size_t kShown = 20;
  std::vector<std::string> lines;
  std::size_t count = 0;
  for (const IdClaim& claim : seen.claims) {
    if (claim.kind != kind || !overlap(claim.ids, pool.ids)) continue;
    if (++count <= kShown) lines.push_back(claim.who + ": " + text_of(claim.ids));
  }
  if (count > kShown) lines.push_back("and " + std::to_string(count - kShown) + " more");
  return lines;
}

struct Question {
  IdClaim::Kind kind;
  std::string_view id;
  std::string_view title;
  Verdict verdict;
  std::string_view evidence;
  std::string_view remedy;
  std::string_view none;
};

constexpr std::array kQuestions{
    Question{IdClaim::Kind::account, "ids/accounts",
             "users and groups of the host with ids of the pool", Verdict::fail,
             "a container could be given the ids of an account of the host",
             "set rules.user-namespace.pool to ids that no account has, or give the account others",
             "no account"},
    Question{IdClaim::Kind::subordinate, "ids/subordinate",
             "subordinate ids (/etc/subuid, /etc/subgid, userns-remap) in the pool", Verdict::warn,
             "hardened leaves these ids out, but whoever has them may map a range on its border",
             "set rules.user-namespace.pool beside them, or move them", "none"},
    Question{IdClaim::Kind::system, "ids/system", "ranges that systemd gives away", Verdict::warn,
             "two that know nothing of each other may give the same ids to two containers",
             "set rules.user-namespace.pool beside them", "none"},
    Question{
        IdClaim::Kind::process, "ids/processes",
        "processes with ids of the pool that hold no lease", Verdict::warn,
        "another engine maps these ids, or /run/hardened was lost: hardened leaves them out while "
        "they live",
        "restart those containers, or set rules.user-namespace.pool beside them", "none"},
};

Judgement judge(const Observation& seen, const std::vector<Pool>& all, const Question& question) {
  std::vector<std::string> lines;
  std::vector<std::string> checked;
  for (const Pool& pool : all) {
    const std::vector<std::string> found = conflicts(seen, pool, question.kind);
    lines.insert(lines.end(), found.begin(), found.end());
    checked.push_back(text_of(pool.ids) + " (" + joined(pool.profiles) + ")");
  }
  if (!lines.empty()) {
    return {question.verdict, std::string(question.evidence), std::string(question.remedy),
            std::move(lines)};
  }
  if (!seen.claims_error.empty()) {
    return {Verdict::unknown, "none in what could be read; not read: " + joined(seen.claims_error),
            ""};
  }
  return {Verdict::ok, std::string(question.none) + " in " + joined(checked), ""};
}

}  // namespace

Findings judge_ids(const Observation& seen) {
  const std::vector<Pool> all = pools(seen);
  Findings findings;
  for (const Question& question : kQuestions) {
    if (all.empty()) {
      findings.push_back(finding_of(
          std::string(question.id), std::string(question.title),
          {Verdict::not_applicable, "no profile gives containers ids of their own", ""}));
    } else {
      findings.push_back(finding_of(std::string(question.id), std::string(question.title),
                                    judge(seen, all, question)));
    }
    findings.back().rules = {"user-namespace"};
    findings.back().reference = "user_namespaces(7), subuid(5)";
  }
  return findings;
}

}  // namespace hardened
