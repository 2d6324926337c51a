// SPDX-License-Identifier: Apache-2.0
// hardened log: what was decided on this host, filtered, followed, summed up.
#include <algorithm>
#include <deque>
#include <iostream>

#include "hardened/command/options.hpp"
#include "hardened/command/progress.hpp"
#include "hardened/command/trail_settings.hpp"
#include "hardened/core/decision.hpp"
#include "hardened/core/log_view.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/trail.hpp"
#include "hardened/shell/trail_reader.hpp"

namespace hardened {
namespace {

struct Options {
  LogFilter filter;
  std::string since, file;
  std::string format = "table";
  std::size_t last = 0;  // 0: all
  bool follow = false;
  bool summary = false;
};

// A misspelt one would match nothing, which reads like "nothing was refused".
void require_rule(const std::string& name) {
  if (name.empty()) return;
  std::vector<std::string_view> known{"restore", "no-pivot"};  // refused beside the catalogue
  for (const Rule& rule : catalogue()) known.push_back(rule.name);
  if (std::ranges::find(known, name) != known.end()) return;
  const std::string_view near = nearest(name, known);
  throw Error(ErrorKind::usage, "--rule: no rule " + printable(name, 60) +
                                    (near.empty() ? "" : ", did you mean " + std::string(near)));
}

bool parse(Options& options, Arguments arguments, Kernel& kernel) {
  CLI::App app("What was decided about the containers of this host, oldest first.", "hardened log");
  app.add_flag("-f,--follow", options.follow, "go on with what is decided from now on");
  app.add_flag("--summary", options.summary,
               "which rules changed or refused what, of how many containers, and the settings");
  app.add_option("-n,--last", options.last, "only the last N of what matches")
      ->check(CLI::PositiveNumber);
  app.add_option("--since", options.since, "90s, 15m, 2h, 7d, or a time in UTC: 2026-11-28T06:10");
  app.add_option("--container", options.filter.id, "an id, or its beginning");
  app.add_option("--operation", options.filter.operation, "create, run, restore, exec or update")
      ->check(CLI::IsMember({"create", "run", "restore", "exec", "update"}));
  app.add_option("--outcome", options.filter.outcome, "passed, refused or failed")
      ->check(CLI::IsMember({"passed", "refused", "failed"}));
  app.add_option("--engine", options.filter.engine,
                 "docker, containerd, cri, podman, cri-o or buildkit")
      ->check(CLI::IsMember({"docker", "containerd", "cri", "podman", "cri-o", "buildkit"}));
  app.add_option("--profile", options.filter.profile, "of the policy");
  app.add_option("--rule", options.filter.rule, "that changed, refused or reported something");
  app.add_option("--file", options.file, "a file of such lines instead; - is standard input");
  app.add_option("--format", options.format, "table, or json: the lines themselves")
      ->check(CLI::IsMember({"table", "json"}));
  app.footer(
      "examples:\n  hardened log --outcome refused --since 1h\n"
      "  hardened log --follow --rule mounts\n"
      "  hardened log --summary               what would stand in the way of an enforced host\n"
      "  hardened log --container 3f2a --format json | jq .changes");
  if (!parse_options(app, arguments, kernel)) return false;
  if (options.follow && (options.summary || options.last != 0 || !options.file.empty()))
    throw Error(ErrorKind::usage, "--follow excludes --summary, --last and --file");
  if (options.summary && options.last != 0)
    throw Error(ErrorKind::usage, "--summary excludes --last: narrow it by --since");
  require_rule(options.filter.rule);
  if (!options.since.empty()) options.filter.since = since_time(options.since, kernel.real_time());
  return true;
}

class Log {
 public:
  Log(Kernel& kernel, const Environment& environment, const Options& options)
      : kernel_(kernel),
        options_(options),
        columns_(environment.terminal ? environment.columns : 0),
        colour_(environment.terminal && !environment.no_colour ? Colour::yes : Colour::no) {}

  void take(std::string_view text) {
    const auto line = parse_line(text);
    if (!line) {
      ++foreign_;
    } else if (matches(*line, options_.filter)) {
      show(*line);
    }
  }

  void end() {
    if (options_.summary) {
      print(kernel_, options_.format == "json" ? summary_.json().dump(2) + '\n'
                                               : summary_.text(columns_, colour_));
    } else if (options_.format == "table" && !options_.follow) {
      std::vector<TableRow> rows{log_header()};
      rows.insert(rows.end(), rows_.begin(), rows_.end());
      print(kernel_, table(rows, columns_, colour_));
    } else {
      for (const std::string& line : lines_) print(kernel_, line);
    }
    if (foreign_ != 0) {
      std::cerr << "hardened: " << foreign_ << " lines are not of the trail's form, left out\n";
    }
  }

 private:
  void show(const Json& line) {
    if (options_.summary) return summary_.add(line);
    if (options_.follow) {
      return print(kernel_, options_.format == "json" ? harmless(line) : followed(line));
    }
    if (options_.format == "json") return keep(lines_, harmless(line));
    keep(rows_, log_row(line));
  }

  // Columns would need the lines that are still to come.
  static std::string followed(const Json& line) {
    std::string text;
    for (const std::string& cell : log_row(line))
      text += (text.empty() ? "" : "  ") + printable(cell, kWhole);
    return text + '\n';
  }

  template <typename T>
  void keep(std::deque<T>& kept, T one) {
    kept.push_back(std::move(one));
    if (options_.last != 0 && kept.size() > options_.last) kept.pop_front();
  }

  Kernel& kernel_;
  const Options& options_;
  std::size_t columns_;
  Colour colour_;
  std::deque<TableRow> rows_;
  std::deque<std::string> lines_;
  LogSummary summary_;
  std::size_t foreign_ = 0;
};

}  // namespace

int log_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  Options options;
  if (!parse(options, arguments, kernel)) return 0;
  Log log(kernel, environment, options);
  Progress progress(kernel, environment);
  std::size_t read = 0;
  const auto take = [&](std::string_view line) {
    if (!options.follow && ++read % 256 == 0)
      progress.at("reading the audit trail, " + std::to_string(read) + " decisions so far");
    log.take(line);
  };
  if (!options.file.empty()) {
    read_trail_file(kernel, options.file, take);
  } else {
    read_trail(kernel, environment, settings_to_read_by(kernel, environment),
               options.follow ? Following::yes : Following::no, take);
  }
  progress.wipe();
  log.end();
  if (options.file.empty()) {
    if (const auto loss = last_loss(kernel, environment))
      std::cerr << "hardened: decisions are missing, the last one of " << printable(*loss, kWhole)
                << '\n';
  }
  return 0;
}

}  // namespace hardened
