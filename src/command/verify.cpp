// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <ctime>
#include <map>
#include <set>

#include "hardened/command/options.hpp"
#include "hardened/core/judge.hpp"
#include "hardened/core/text.hpp"
#include "hardened/core/verdict_report.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/sight.hpp"

namespace hardened {
using namespace judging;

namespace {

constexpr int kFailed = 3;

constexpr const char* kExamples =
    "Examples:\n"
    "  hardened verify web                     by Docker's name, an id, or the beginning of one\n"
    "  hardened verify web web-under-runc      both side by side, whatever runtime started them\n"
    "  hardened verify --pid 4711              the container that this process is in\n"
    "  hardened verify --all --format html > containers.html\n"
    "  hardened verify --all --format json | jq -r '.containers[] | .name + \" \" + .worst'\n"
    "\n"
    "Everything is read from /proc and the cgroup files; no engine is asked and nothing is "
    "changed.\n"
    "Verdicts: PASS; WARN, to be looked at, or it could not be looked at; FAIL. A policy's own "
    "bounds\n"
    "(rules.capabilities.keep and so on) decide where the benchmark leaves them open.\n"
    "Exit code: 0 nothing FAILs, 3 something does, 2 there is no such container, 1 it could not "
    "look.\n";

struct Options {
  std::vector<std::string> containers;
  std::vector<int> pids;
  std::vector<std::string> roots;
  bool all = false;
  std::string format = "text";
  std::string profile;
  bool help = false;
};

Options options_of(Arguments arguments, Kernel& kernel) {
  Options options;
  CLI::App app("A running container judged from the kernel: CIS section 5, Pod Security.",
               "hardened verify");
  app.add_option("CONTAINER", options.containers, "id, beginning of an id, or Docker's name");
  app.add_option("--pid", options.pids, "any process of a container, as the host counts")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false);
  app.add_flag("--all", options.all, "every container that runs, known to a runtime or not");
  app.add_option("--root", options.roots, "a runtime's state directory, beside which none is read")
      ->allow_extra_args(false);
  app.add_option("--format", options.format, "text, json or html")
      ->check(CLI::IsMember({"text", "json", "html"}));
  app.add_option("--profile", options.profile, "of the policy, whose bounds decide");
  app.footer(kExamples);
  options.help = !parse_options(app, arguments, kernel);
  if (options.help) return options;
  const bool named = !options.containers.empty() || !options.pids.empty();
  if (named == options.all) {
    throw Error(ErrorKind::usage, "say which: a CONTAINER, --pid N or --all");
  }
  return options;
}

std::vector<Candidate> chosen(Kernel& kernel, const Options& options) {
  const ProcessTable table = list_processes(kernel);
  const std::vector<Candidate> running = find_containers(kernel, table, options.roots);
  if (options.all) return running;
  std::vector<Candidate> found;
  for (const std::string& name : options.containers) {
    found.push_back(choose_container(running, name));
  }
  for (const int pid : options.pids) found.push_back(container_of(table, running, pid));
  return found;
}

// A container that ends meanwhile is no failure where all are asked for.
std::vector<ContainerSighting> sight_all(Kernel& kernel, const Options& options) {
  std::vector<ContainerSighting> seen;
  std::set<int> known;
  for (const Candidate& candidate : chosen(kernel, options)) {
    if (!known.insert(candidate.init).second) continue;
    try {
      seen.push_back(sight(kernel, candidate));
    } catch (const Error& error) {
      if (!options.all || error.kind() != ErrorKind::refused) throw;
    }
  }
  return seen;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts));
  return text;
}

std::string host_name(Kernel& kernel) {
  const Descriptor file =
      kernel.open(kWorkingDirectory, "/proc/sys/kernel/hostname", O_RDONLY, Walk::no_links);
  const std::string name = kernel.read_all(file.number(), 4096);
  return name.substr(0, name.find('\n'));
}

std::string report_of(const std::vector<Judgement>& judgements, const std::string& format,
                      const VerdictStyle& style) {
  if (format == "json") return verdict_json(judgements, style);
  if (format == "html") return verdict_html(judgements, style);
  return verdict_text(judgements, style);
}

}  // namespace

int verify_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const Options options = options_of(arguments, kernel);
  if (options.help) return 0;
  const Policy policy = load_policy(kernel, environment);
  const Profile profile =
      policy.profile(options.profile.empty() ? policy.default_profile() : options.profile);
  std::vector<ContainerSighting> containers = sight_all(kernel, options);
  const HostSighting host = sight_host(kernel, profile, containers);
  std::vector<Judgement> judgements;
  bool failed = false;
  for (ContainerSighting& container : containers) {
    judgements.push_back(judge(std::move(container), host, profile));
    failed |= worst(judgements.back()) == Verdict::fail;
  }
  const bool colour = environment.terminal && !environment.no_colour;
  print(kernel, report_of(judgements, options.format,
                          {.colour = colour ? Colour::yes : Colour::no,
                           .columns = environment.terminal ? environment.columns : 0,
                           .time = now(),
                           .host = host_name(kernel)}));
  return failed ? kFailed : 0;
}

}  // namespace hardened
