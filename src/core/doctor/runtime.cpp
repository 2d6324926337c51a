// SPDX-License-Identifier: Apache-2.0
// The low-level runtime: which, and what is known to be wrong with its version.
#include <string>

#include "core/doctor/checks.hpp"
#include "hardened/core/advisories.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

Judgement found(const Observation& seen) {
  const RuntimeSeen& runtime = seen.runtime;
  if (runtime.path.empty()) {
    return {Verdict::fail, runtime.error,
            "install runc, or ln -s /path/to/runc /etc/hardened/runtime"};
  }
  const auto version = parse_runtime_version(runtime.version);
  if (!version) {
    return {Verdict::unknown,
            runtime.path + " does not tell its version" +
                (runtime.error.empty() ? "" : ": " + runtime.error),
            ""};
  }
  return {Verdict::ok,
          runtime.path + " is " + version->name + ' ' + version->text +
              (runtime.package.empty() ? "" : " (package " + runtime.package + ")"),
          ""};
}

std::string line_of(const Advisory& advisory) {
  std::string text = advisory.id + " (" + advisory.subject + "), fixed in " +
                     joined(advisory.fixed) + "; under hardened ";
  if (advisory.hardened == "stopped") {
    text += "stopped by " + advisory.by;
  } else if (advisory.hardened == "reduced") {
    text += "less is left of it: " + advisory.by;
  } else {
    text += "as open as without";
  }
  return text;
}

Judgement advisories(const Observation& seen) {
  const auto version = parse_runtime_version(seen.runtime.version);
  if (!version) return {Verdict::unknown, "its version is not known", ""};
  if (version->name != "runc" && version->name != "crun") {
    return {Verdict::unknown, "no list of holes for " + version->name, ""};
  }
  std::vector<std::string> lines;
  for (const Advisory& advisory : known_advisories()) {
    if (affects(advisory, *version)) lines.push_back(line_of(advisory));
  }
  if (lines.empty()) {
    return {Verdict::ok, "none that is known of " + version->name + ' ' + version->text, ""};
  }
  const std::string count = std::to_string(lines.size()) +
                            (lines.size() == 1 ? " hole is" : " holes are") +
                            " older than the fix in " + version->name + ' ' + version->text;
  // A distribution fixes holes without a new version: by that alone nobody can tell.
  const std::string& package = seen.runtime.package;
  if (!package.empty() || version->distribution) {
    return {Verdict::warn,
            count + " by upstream's numbers; the distribution may have fixed them in " +
                (package.empty() ? "its package" : package),
            "compare with the distribution's security tracker, for Debian "
            "https://security-tracker.debian.org/tracker/source-package/" +
                version->name + "; keep the package up to date",
            std::move(lines)};
  }
  return {Verdict::fail, count, "update " + version->name, std::move(lines)};
}

constexpr Check kFound{"runtime/found", "low-level runtime", "", found};
constexpr Check kAdvisories{"runtime/advisories", "known holes of the runtime", "CIS 1.1.2",
                            advisories};

}  // namespace

Findings judge_runtime(const Observation& seen) {
  Findings findings{finding_of(kFound, seen)};
  if (!seen.runtime.path.empty()) findings.push_back(finding_of(kAdvisories, seen));
  return findings;
}

}  // namespace hardened
