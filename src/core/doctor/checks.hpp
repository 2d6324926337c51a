// SPDX-License-Identifier: Apache-2.0
// The checks of doctor, by group; each judges an Observation and nothing else.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/diagnosis.hpp"

namespace hardened {

using Findings = std::vector<Finding>;

Findings judge_own(const Observation& seen);
Findings judge_kernel(const Observation& seen);
Findings judge_host(const Observation& seen);
Findings judge_runtime(const Observation& seen);
Findings judge_ids(const Observation& seen);
Findings judge_engine(const Observation& seen);
Findings judge_daemon(const Observation& seen);
Findings judge_files(const Observation& seen);

// What a check says; the rest of its finding stands in its table.
struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string evidence;
  std::string remedy;
  std::vector<std::string> details = {};
};

struct Check {
  std::string_view id;
  std::string_view title;
  std::string_view reference;
  Judgement (*judge)(const Observation&);
};

Finding finding_of(const Check& check, const Observation& seen);
Finding finding_of(std::string id, std::string title, Judgement judgement);

// Whether a profile enforces the rule; the default one where none is named.
bool enforces(const Observation& seen, std::string_view rule);

// "/x is missing", "/x: not to be seen (...)": what stands for a file that was not seen.
std::string why_unseen(const FileSeen& file);
// "0644 root:root".
std::string describe(const FileSeen& file);

// Whether containers that name no runtime run under hardened.
bool hardened_is_default(const EngineSeen& engine);
// The registered runtimes that are this program, by name.
std::vector<std::string> our_runtimes(const EngineSeen& engine);

std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace hardened
