// SPDX-License-Identifier: Apache-2.0
// hardened dry-run: the same way as a bundle's, up to where something would be written.
#include <fcntl.h>

#include <iostream>
#include <map>

#include "hardened/command/options.hpp"
#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/report.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"
#include "hardened/core/verifier.hpp"
#include "hardened/shell/bundle.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/seccomp_compiler.hpp"

namespace hardened {
namespace {

struct Options {
  std::string bundle, config, process, resources, profile, policy, host_facts;
  std::string format = "config";
  bool help = false;
};

void require_one_document(const Options& options) {
  const auto usage = [](const char* text) { throw Error(ErrorKind::usage, text); };
  const bool config = !options.config.empty() || !options.bundle.empty();
  if (!options.config.empty() && !options.bundle.empty())
    usage("--bundle and --config exclude each other");
  if (!options.process.empty() && !options.resources.empty())
    usage("--process and --resources exclude each other");
  if (!options.resources.empty() && config) usage("--resources goes without --bundle and --config");
  if (!config && options.process.empty() && options.resources.empty())
    usage("one of --bundle, --config, --process, --resources is needed");
  const auto inputs = {options.config, options.process, options.resources, options.policy,
                       options.host_facts};
  if (std::ranges::count(inputs, "-") > 1) usage("standard input can be one document only");
}

// CLI11 takes a lone dash for no option; it stands for `--config -`.
std::vector<std::string> with_dash_named(Arguments arguments) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == "-" && (index == 0 || !words[index - 1].starts_with("--") ||
                                words[index - 1].find('=') != std::string::npos)) {
      words[index] = "--config=-";
    }
  }
  return words;
}

Options options_of(Arguments arguments, Kernel& kernel) {
  Options options;
  CLI::App app("Print what hardened would hand to the runtime; changes nothing, needs no root.",
               "hardened dry-run");
  const auto option = [&](const char* name, std::string& value, const char* text) {
    return app.add_option(name, value, text)->check([](const std::string& given) {
      return std::string(given.empty() ? "is empty" : "");
    });
  };
  option("--bundle", options.bundle, "a bundle directory");
  option("--config", options.config, "a config.json; - is standard input");
  option("--process", options.process,
         "a process document of exec; a bundle or config beside it is its container's");
  option("--resources", options.resources, "a resources document of update");
  option("--profile", options.profile, "profile to use");
  option("--policy", options.policy, "a policy file (-: standard input) instead of the host's");
  option("--host-facts", options.host_facts,
         "facts about the host to judge by, as `doctor --facts` prints them");
  option("--format", options.format, "config, diff, patch, table or json")
      ->check(CLI::IsMember({"config", "diff", "patch", "table", "json"}));
  app.footer(
      "The host ids of a user namespace are an example: each create draws a range that is free.\n"
      "exit code: 0 printed, 1 system error, 2 invalid input, 3 refused\n"
      "examples:\n  hardened dry-run --bundle . --format diff\n"
      "  hardened dry-run --config config.json --format table --profile strict\n"
      "  runc spec && hardened dry-run --config - < config.json");
  options.help = !parse_options(app, with_dash_named(arguments), kernel);
  if (!options.help) require_one_document(options);
  return options;
}

std::string text_of(Kernel& kernel, const std::string& path) {
  const std::size_t limit = ParseLimits{}.bytes;
  if (path == "-") return kernel.read_all(STDIN_FILENO, limit);
  const Descriptor file =
      kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Walk::follow);
  try {
    return kernel.read_all(file.number(), limit);
  } catch (Error& error) {
    throw error.kind() == ErrorKind::system ? error.within(path) : error;
  }
}

Json document_of(Kernel& kernel, const std::string& path) {
  try {
    return parse_document(text_of(kernel, path));
  } catch (Error& error) {
    throw error.kind() == ErrorKind::system ? error
                                            : error.within(path == "-" ? "standard input" : path);
  }
}

// What stands in the place of a process or resources document by mistake is taken for an empty one
// otherwise: nothing in it has a field's name.
void refuse_config(const Json& document, const std::string& option) {
  for (const char* field : {"ociVersion", "process", "root", "linux"}) {
    if (find(document, join("", field)) == nullptr) continue;
    throw Error(ErrorKind::invalid_input, option,
                "a config document, which --config or --bundle takes");
  }
}

// What the file says counts, the rest is looked at: the host's part is what differs from machine to
// machine.
void pin(Facts& facts, const Json& pinned) {
  Facts given = facts_from_json(pinned);
  if (find(pinned, "/host") != nullptr) facts.host = std::move(given.host);
  if (given.root.sight != Sight::unseen) facts.root = std::move(given.root);
  const auto lay_over = [](auto& seen, auto& other) {
    for (auto& [name, fact] : other) seen.insert_or_assign(name, std::move(fact));
  };
  lay_over(facts.sources, given.sources);
  lay_over(facts.namespaces, given.namespaces);
  lay_over(facts.hooks, given.hooks);
  lay_over(facts.devices, given.devices);
}

// What a document of one kind becomes, and what it was.
struct Outcome {
  std::string kind;
  Json original;
  Plan plan;
  IdRange example = {};  // ids that nobody holds
};

class DryRun {
 public:
  DryRun(Kernel& kernel, const Environment& environment, const Options& options)
      : kernel_(kernel),
        environment_(environment),
        options_(options),
        policy_(options.policy.empty() ? load_policy(kernel, environment)
                                       : load_policy_file(kernel, options.policy)) {}

  // A plan with refusals is as far as the rules came: nothing verified it.
  Outcome run() {
    if (!options_.process.empty()) return exec();
    if (!options_.resources.empty()) return update();
    return create();
  }

 private:
  Profile profile(const Json& document) const {
    const auto named = options_.profile.empty() ? std::nullopt : std::optional(options_.profile);
    return select_profile(policy_, environment_, named, document);
  }

  Facts facts(const Json& document, const Profile& profile, const std::string& directory) const {
    // Nothing is taken: a create would get the first range that is free.
    Facts seen = inspect(kernel_, document, profile, directory, Looking::as_far_as_possible,
                         first_range(profile.settings("user-namespace")))
                     .facts;
    if (!options_.host_facts.empty()) {
      const Json pinned = document_of(kernel_, options_.host_facts);
      try {
        pin(seen, pinned);
      } catch (Error& error) {
        throw error.within(options_.host_facts);
      }
    }
    return seen;
  }

  Outcome create() {
    Json document;
    std::string directory = ".";
    if (options_.bundle.empty()) {
      document = document_of(kernel_, options_.config);
      const std::size_t slash = options_.config.rfind('/');
      if (slash != std::string::npos) directory = options_.config.substr(0, slash + 1);
    } else {
      Bundle bundle = Bundle::open(kernel_, options_.bundle);
      directory = bundle.path();
      document = parse_document(bundle.read());
    }
    const Profile chosen = profile(document);
    check_fields(document, DocumentKind::config, chosen.unlisted_fields());
    require_process(document, DocumentKind::config);
    const Facts seen = facts(document, chosen, directory);
    Plan plan = make_plan(document, chosen, seen, "");
    if (plan.refusals.empty()) {
      verify_plan(document, plan, chosen, seen);
      evaluate_seccomp(plan.config, chosen);
    }
    return {"config.json", std::move(document), std::move(plan), seen.host.id_range};
  }

  // A container that nobody named: as much as the profile lets any have.
  Outcome ordinary() const {
    const Profile chosen = profile(Json::object());
    const Json& keep = chosen.settings("capabilities").at("keep");
    Plan plan;
    plan.config["process"] = {{"noNewPrivileges", true}, {"capabilities", {{"bounding", keep}}}};
    plan.unverified.push_back("the container, taken for one of the profile " + chosen.name());
    return {"config.json", Json::object(), std::move(plan)};
  }

  // The container's ceiling where a bundle or config is given too, else the most that the profile
  // lets any have.
  Outcome exec() {
    Json process = document_of(kernel_, options_.process);
    refuse_config(process, "--process");
    require_process(process, DocumentKind::process);
    Outcome container = options_.bundle.empty() && options_.config.empty() ? ordinary() : create();
    if (!container.plan.refusals.empty()) return container;
    const Profile chosen = profile(container.original);
    check_fields(process, DocumentKind::process, chosen.unlisted_fields());
    const Ceiling ceiling = ceiling_of(container.plan.config, chosen);
    Plan plan = plan_exec(process, ceiling);
    std::ranges::move(container.plan.unverified, std::back_inserter(plan.unverified));
    // Its links are looked at when there is a container.
    const std::string cwd = find_string(process, "/cwd").value_or("/");
    if (cwd != "/") plan.unverified.push_back("where the working directory " + cwd + " leads");
    if (plan.refusals.empty()) verify_exec(plan.config, ceiling);
    return {"process document", std::move(process), std::move(plan)};
  }

  Outcome update() {
    Json resources = document_of(kernel_, options_.resources);
    refuse_config(resources, "--resources");
    const Profile chosen = profile(Json::object());
    check_fields(resources, DocumentKind::resources, chosen.unlisted_fields());
    const HostFacts host = facts(Json::object(), chosen, ".").host;
    Plan plan = plan_update(resources, chosen, host);
    if (plan.refusals.empty()) verify_update(plan.config, chosen, host);
    return {"resources document", std::move(resources), std::move(plan)};
  }

  Kernel& kernel_;
  const Environment& environment_;
  const Options& options_;
  Policy policy_;
};

ReportFormat format_of(const std::string& name) {
  static const std::map<std::string, ReportFormat> kFormats{{"config", ReportFormat::config},
                                                            {"diff", ReportFormat::diff},
                                                            {"patch", ReportFormat::patch},
                                                            {"table", ReportFormat::table},
                                                            {"json", ReportFormat::json}};
  return kFormats.at(name);
}

}  // namespace

int dry_run_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const Options options = options_of(arguments, kernel);
  if (options.help) return 0;
  const Outcome outcome = DryRun(kernel, environment, options).run();
  for (const std::string& what : outcome.plan.unverified) {
    std::cerr << "hardened: unverified: " << printable(what) << '\n';
  }
  // An engine shows one line; here there is room for every one.
  for (const Refusal& refusal : outcome.plan.refusals) {
    std::cerr << "hardened: " << describe(refusal) << '\n';
  }
  if (!outcome.plan.refusals.empty()) return refused(outcome.plan.refusals.front()).exit_code();
  const bool colour = environment.terminal && !environment.no_colour;
  print(kernel, report(outcome.original, outcome.plan, format_of(options.format),
                       {.colour = colour ? Colour::yes : Colour::no,
                        .columns = environment.terminal ? environment.columns : 0,
                        .document = outcome.kind,
                        .example = outcome.example}));
  return 0;
}

}  // namespace hardened
