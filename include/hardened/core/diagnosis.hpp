// SPDX-License-Identifier: Apache-2.0
// What is to be said about a host: every check of `doctor` as a finding with its evidence and its
// remedy. Pure; what could not be looked at is `unknown`, never `ok`.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/observation.hpp"
#include "hardened/core/report.hpp"

namespace hardened {

enum class Verdict {
  ok,
  warn,            // works, and could be safer or is not decided by us
  fail,            // a rule cannot be enforced, or the host is open
  unknown,         // could not be looked at
  not_applicable,  // nothing of the kind is here
};

struct Finding {
  std::string id;     // "kernel/openat2", "cis/2.2"; stable, for scripts
  std::string group;  // the part before the slash
  std::string title;
  Verdict verdict = Verdict::unknown;
  std::string evidence;
  std::vector<std::string> details;  // where one line does not do
  std::string remedy;                // a command or a setting; empty: nothing to do
  std::vector<std::string> rules;    // that want it
  std::string reference;             // "CIS 2.2", "Linux 5.12"
};

// In the order of the groups: hardened, kernel, runtime, ids, engine, cis.
std::vector<Finding> diagnose(const Observation& seen);

// 0, or 3 where something failed.
int exit_code(const std::vector<Finding>& findings);

enum class DiagnosisFormat { text, json };

// Strings of the host are escaped. Text: one finding a line, wrapped where there is a terminal;
// what does not apply is named once at the end.
std::string report(const std::vector<Finding>& findings, DiagnosisFormat format,
                   const ReportStyle& style = {});

}  // namespace hardened
