// SPDX-License-Identifier: Apache-2.0
// The parts of a create that are values in, values out, each on the document that Docker writes for
// `docker run`. `--once` calls each a single time, cold as in the wrapper, for a profiler that
// counts instructions by function; else Google Benchmark's own flags.
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/invocation.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"
#include "hardened/shell/seccomp_compiler.hpp"

namespace {

using namespace hardened;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::vector<std::string> kArguments{"--root",      "/run/docker/runtime-runc/moby",
                                          "--log",       "/run/log.json",
                                          "create",      "--bundle",
                                          "/run/bundle", "container"};

struct Material {
  std::string text = text_of(HARDENED_SOURCE "/tests/corpus/config/docker28-default.json");
  Json document = parse_document(text);
  Profile profile = Policy::builtin().profile("standard");
  Facts facts = facts_of_a_host();
  Plan plan = make_plan(document, profile, facts, "container");

  static Facts facts_of_a_host() {
    Facts facts;
    facts.host.id_range = {1879048192, 65536};
    return facts;
  }
};

const Material& material() {
  static const Material kMaterial;
  return kMaterial;
}

}  // namespace

// Names that a profiler shows, each called from one place.
extern "C" {
void step_arguments() { benchmark::DoNotOptimize(Invocation::parse(kArguments)); }
void step_policy() { benchmark::DoNotOptimize(Policy::builtin().profile("standard")); }
void step_parse() { benchmark::DoNotOptimize(parse_document(material().text)); }
void step_fields() {
  check_fields(material().document, DocumentKind::config, material().profile.unlisted_fields());
}
void step_plan() {
  const Material& given = material();
  benchmark::DoNotOptimize(make_plan(given.document, given.profile, given.facts, "container"));
}
void step_verify() {
  const Material& given = material();
  verify_plan(given.document, given.plan, given.profile, given.facts);
}
// Compiling is a child's work, which no profiler of the parent counts; time has it.
void step_evaluate_filter() { evaluate_seccomp(material().plan.config, material().profile); }
void step_write() { benchmark::DoNotOptimize(write_document(material().plan.config)); }
}

namespace {

struct Step {
  const char* name;
  void (*run)();
};

constexpr Step kSteps[] = {
    {"arguments", step_arguments},
    {"policy", step_policy},
    {"parse", step_parse},
    {"fields", step_fields},
    {"plan", step_plan},
    {"verify", step_verify},
    {"evaluate_filter", step_evaluate_filter},
    {"write", step_write},
};

}  // namespace

int main(int count, char** values) {
  material();
  if (count == 2 && std::string_view(values[1]) == "--once") {
    for (const Step& step : kSteps) step.run();
    return 0;
  }
  for (const Step& step : kSteps) {
    const auto body = [&step](benchmark::State& state) {
      for ([[maybe_unused]] auto _ : state) step.run();
    };
    benchmark::RegisterBenchmark(step.name, body)->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&count, values);
  if (benchmark::ReportUnrecognizedArguments(count, values)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
