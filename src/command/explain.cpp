// SPDX-License-Identifier: Apache-2.0
// hardened explain: why a container is as it is, of a bundle before it starts, or from the audit
// trail afterwards, also where it was refused and the engine kept nothing but a line.
#include "hardened/core/explain.hpp"

#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <set>
#include <utility>

#include "hardened/command/options.hpp"
#include "hardened/command/rehearsal.hpp"
#include "hardened/command/trail_settings.hpp"
#include "hardened/core/decision.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/log_view.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/bundle.hpp"
#include "hardened/shell/observe.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/trail_reader.hpp"

namespace hardened {
namespace {

constexpr std::size_t kShortId = 12;  // as engines print ids: no name is looked for beside one

struct Options {
  RehearsalInput input;
  std::string container, format = "text", file;
  std::size_t last = 0;
};

bool parse(Options& options, Arguments arguments, Kernel& kernel) {
  CLI::App app(
      "Every change and refusal: what was asked, what it stops, and the setting that would change "
      "it.",
      "hardened explain");
  app.add_option("CONTAINER", options.container,
                 "its id, or the beginning, or Docker's name for it: its last start, and what was "
                 "refused to it since");
  app.add_option("--last", options.last, "the last N decisions of this host")
      ->check(CLI::PositiveNumber);
  app.add_option("--bundle", options.input.bundle, "a bundle directory, before it starts");
  app.add_option("--config", options.input.config, "a config.json; - is standard input");
  app.add_option("--profile", options.input.profile, "profile to use, with --bundle or --config");
  app.add_option("--policy", options.input.policy, "a policy file, with --bundle or --config");
  app.add_option("--file", options.file,
                 "an audit trail's file instead of the host's; - is standard input");
  app.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.footer(
      "examples:\n  hardened explain web             a container of Docker, running, exited or "
      "refused\n"
      "  hardened explain 3f2a1c          a container of any engine, by its id\n"
      "  hardened explain --last 3         also of containers that were refused and are gone\n"
      "  hardened explain --bundle .       what would happen, and why");
  if (!parse_options(app, arguments, kernel)) return false;
  const int asked = !options.container.empty() + (options.last != 0) +
                    !options.input.bundle.empty() + !options.input.config.empty();
  if (asked != 1)
    throw Error(ErrorKind::usage, "one of CONTAINER, --last, --bundle and --config is needed");
  return true;
}

// What it holds once the container is made is our own document, in which there is little to change.
void tell_rewritten(Kernel& kernel, const Environment& environment, const std::string& path) {
  Bundle bundle = Bundle::open(kernel, path);
  for (const KnownContainer& one : known_containers(kernel, environment)) {
    if (one.record.bundle != bundle.path() || one.record.digest != digest_of(bundle.read()))
      continue;
    std::cerr << "hardened: this bundle was rewritten for the container " << printable(one.key.id)
              << ", which lives: `hardened explain " << printable(one.key.id)
              << "` tells what was changed\n";
  }
}

Json of_document(Kernel& kernel, const Environment& environment, const RehearsalInput& input) {
  const Rehearsal rehearsal = rehearse(kernel, environment, input);
  if (!input.bundle.empty()) tell_rewritten(kernel, environment, input.bundle);
  tell_unverified(rehearsal.plan);
  Decision decision;
  decision.operation = Operation::create;
  decision.bundle = input.bundle;
  decision.profile = rehearsal.profile;
  add_plan(decision, rehearsal.original, rehearsal.plan);
  decision.mapping = std::nullopt;  // each create draws other ids
  Json told = decision_json(decision, {}, kernel.real_time(), 0);
  told["outcome"] = rehearsal.plan.refusals.empty() ? "would pass" : "would be refused";
  return told;
}

void read(Kernel& kernel, const Environment& environment, const std::string& file,
          const std::function<void(const Json&)>& take) {
  const auto line = [&](std::string_view text) {
    if (const auto json = parse_line(text)) take(*json);
  };
  if (!file.empty()) return read_trail_file(kernel, file, line);
  read_trail(kernel, environment, settings_to_read_by(kernel, environment), Following::no, line);
}

std::vector<Json> last_decisions(Kernel& kernel, const Environment& environment,
                                 const Options& options) {
  std::deque<Json> kept;
  read(kernel, environment, options.file, [&](const Json& line) {
    kept.push_back(line);
    if (kept.size() > options.last) kept.pop_front();
  });
  return {kept.begin(), kept.end()};
}

// By the container's id and its runtime's state directory: two runtimes may have one id each.
using Decisions = std::map<std::pair<std::string, std::string>, std::vector<Json>>;

bool is_start(const Json& line) {
  const std::string operation = find_string(line, "/operation").value_or("");
  return operation != "exec" && operation != "update";
}

// Of each container whose id begins so: its last start, and whatever was refused to it since. An
// exec that went through says nothing.
Decisions decisions_of(Kernel& kernel, const Environment& environment, const Options& options,
                       const std::string& prefix) {
  Decisions found;
  read(kernel, environment, options.file, [&](const Json& line) {
    const std::string id = find_string(line, "/id").value_or("");
    if (!id.starts_with(prefix)) return;
    std::vector<Json>& decisions = found[{id, find_string(line, "/root").value_or("")}];
    if (is_start(line)) decisions.clear();
    if (is_start(line) || find_string(line, "/outcome") != "passed") decisions.push_back(line);
  });
  if (!options.file.empty()) return found;
  for (const std::string& text : kept_starts(kernel, environment, prefix)) {
    const auto line = parse_line(text);
    if (!line) continue;
    std::vector<Json>& decisions =
        found[{find_string(*line, "/id").value_or(""), find_string(*line, "/root").value_or("")}];
    // The trail's last start may be an earlier one, where a line was lost or rotated away.
    const std::string time = find_string(*line, "/time").value_or("");
    std::erase_if(decisions,
                  [&](const Json& one) { return find_string(one, "/time").value_or("") <= time; });
    if (decisions.empty() || !is_start(decisions.front()))
      decisions.insert(decisions.begin(), *line);
  }
  return found;
}

std::vector<Json> of_container(Kernel& kernel, const Environment& environment,
                               const Options& options) {
  const std::string& asked = options.container;
  Decisions found = decisions_of(kernel, environment, options, asked);
  const auto is_asked = [&](const auto& one) { return one.first.first == asked; };
  if (std::ranges::any_of(found, is_asked)) {
    std::erase_if(found, [&](const auto& one) { return !is_asked(one); });
  } else if (options.file.empty()) {
    // Docker's exact name comes before the beginning of somebody's id.
    const std::string id =
        found.size() == 1 && asked.size() >= kShortId ? "" : docker_container_id(kernel, asked);
    if (!id.empty()) found = decisions_of(kernel, environment, options, id);
  }
  if (found.empty()) {
    throw Error(
        ErrorKind::invalid_input,
        "the audit trail knows no container of the id or Docker's name " + printable(asked, 80));
  }
  std::set<std::string> ids;
  std::vector<Json> decisions;
  for (const auto& [key, some] : found) {
    ids.insert(key.first);
    decisions.insert(decisions.end(), some.begin(), some.end());
  }
  if (ids.size() > 1) {
    throw Error(ErrorKind::usage, printable(asked, 80) + " is the beginning of " +
                                      std::to_string(ids.size()) + " ids");
  }
  return decisions;
}

}  // namespace

int explain_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  Options options;
  if (!parse(options, arguments, kernel)) return 0;
  std::vector<Json> decisions;
  if (!options.container.empty()) {
    decisions = of_container(kernel, environment, options);
  } else if (options.last != 0) {
    decisions = last_decisions(kernel, environment, options);
  } else {
    decisions.push_back(of_document(kernel, environment, options.input));
  }
  const bool colour = environment.terminal && !environment.no_colour;
  const ExplainStyle style{.colour = colour ? Colour::yes : Colour::no,
                           .columns = environment.terminal ? environment.columns : 0};
  std::string out;
  Json list = Json::array();
  for (const Json& decision : decisions) {
    list.push_back(explained(decision));
    out += (out.empty() ? "" : "\n") + explain(decision, style);
  }
  print(kernel, options.format == "json" ? list.dump(2) + '\n' : out);
  return 0;
}

}  // namespace hardened
