// SPDX-License-Identifier: Apache-2.0
// Judges a running container by what the kernel shows of it: one verdict for each item of the CIS
// Docker Benchmark's section 5 (numbers as in docker-bench-security 1.6) and for each control of
// the Pod Security Standards. Never passes what was not looked at.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/policy.hpp"
#include "hardened/core/sighting.hpp"

// A namespace of its own: doctor has verdicts too.
namespace hardened::judging {

// In order of weight. not_judged: nothing that the kernel shows tells; never counted as a pass.
enum class Verdict { not_judged, pass, warn, fail };

std::string_view name_of(Verdict verdict);  // "PASS"; not_judged is "-"

// What a check found out, worst first. Without any line it is a defect of the check, and no pass.
class Finding {
 public:
  void fail(std::string evidence) { add(Verdict::fail, std::move(evidence)); }
  void warn(std::string evidence) { add(Verdict::warn, std::move(evidence)); }
  void pass(std::string evidence) { add(Verdict::pass, std::move(evidence)); }
  void leave(std::string why) { add(Verdict::not_judged, std::move(why)); }

  Verdict verdict() const;
  // Of what decided: passes are left out where something failed or warned.
  std::vector<std::string> evidence() const;

 private:
  struct Line {
    Verdict verdict;
    std::string text;
  };
  void add(Verdict verdict, std::string evidence);
  std::vector<Line> lines_;
};

// All that a check may know.
struct Scene {
  const ContainerSighting& container;
  const HostSighting& host;
  const Profile& profile;  // the policy's own bounds, where a benchmark leaves them open
};

struct Check {
  std::string_view id;  // "CIS 5.4"; of Pod Security the level, "baseline"
  std::string_view title;
  std::string_view remedy;  // empty: none that a runtime or its user has
  void (*look)(const Scene& scene, Finding& finding);
};

// In their order. beyond_checks(): what no benchmark numbers.
std::span<const Check> cis_checks();
std::span<const Check> beyond_checks();
std::span<const Check> pod_security_checks();

struct Judged {
  std::string id;
  std::string title;
  Verdict verdict = Verdict::not_judged;
  std::vector<std::string> evidence;
  std::string remedy;  // empty where nothing is to be done
};

struct Judgement {
  ContainerSighting container;
  std::vector<Judged> items;         // CIS, then what goes beyond it
  std::vector<Judged> pod_security;  // baseline, then restricted
  // The highest level whose every judged control passes: "restricted", "baseline" or "privileged".
  std::string level;
  std::string level_ends;  // the first control that the next level fails at; empty: none
};

Judgement judge(ContainerSighting container, const HostSighting& host, const Profile& profile);

// The worst verdict of the items. A Pod Security level is a statement, not a failure.
Verdict worst(const Judgement& judgement);
std::size_t count(const Judgement& judgement, Verdict verdict);

}  // namespace hardened::judging
