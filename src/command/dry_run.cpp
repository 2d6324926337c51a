// SPDX-License-Identifier: Apache-2.0
// hardened dry-run: the same way as a bundle's, up to where something would be written.
#include <fcntl.h>
#include <unistd.h>

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

Options options_of(Arguments arguments) {
  Options options;
  CLI::App app("Print what hardened would hand to the runtime; changes nothing, needs no root.",
               "hardened dry-run");
  app.add_option("--bundle", options.bundle, "a bundle directory");
  app.add_option("--config", options.config, "a config.json; - is standard input");
  app.add_option("--process", options.process, "a process document of exec");
  app.add_option("--resources", options.resources, "a resources document of update");
  app.add_option("--profile", options.profile, "profile to use");
  app.add_option("--policy", options.policy, "a policy file instead of the host's");
  app.add_option("--host-facts", options.host_facts,
                 "facts to judge by, as `doctor --facts` prints them");
  app.add_option("--format", options.format, "config, diff, patch, table or json")
      ->check(CLI::IsMember({"config", "diff", "patch", "table", "json"}));
  app.footer(
      "examples:\n  hardened dry-run --bundle . --format diff\n"
      "  hardened dry-run --config config.json --format table --profile strict\n"
      "  runc spec && hardened dry-run --config - < config.json");
  // CLI11 takes a lone dash for no option; it stands for `--config -`.
  std::vector<std::string> words(arguments.begin(), arguments.end());
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == "-" && (index == 0 || !words[index - 1].starts_with("--") ||
                                words[index - 1].find('=') != std::string::npos)) {
      words[index] = "--config=-";
    }
  }
  options.help = !parse_options(app, words);
  return options;
}

std::string text_of(Kernel& kernel, const std::string& path) {
  const std::size_t limit = ParseLimits{}.bytes;
  if (path == "-") return kernel.read_all(STDIN_FILENO, limit);
  const Descriptor file =
      kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Walk::follow);
  return kernel.read_all(file.number(), limit);
}

Json document_of(Kernel& kernel, const std::string& path) {
  try {
    return parse_document(text_of(kernel, path));
  } catch (Error& error) {
    throw error.kind() == ErrorKind::system ? error
                                            : error.within(path == "-" ? "standard input" : path);
  }
}

// What a document of one kind becomes, and what it was.
struct Outcome {
  Json original;
  Plan plan;
};

class DryRun {
 public:
  DryRun(Kernel& kernel, const Environment& environment, const Options& options)
      : kernel_(kernel),
        environment_(environment),
        options_(options),
        policy_(options.policy.empty() ? load_policy(kernel, environment)
                                       : load_policy_file(kernel, options.policy)) {}

  Outcome run() {
    const bool bundle = !options_.bundle.empty();
    const int inputs = int{bundle} + int{!options_.config.empty()};
    if (inputs > 1) throw Error(ErrorKind::usage, "--bundle and --config exclude each other");
    if (!options_.process.empty()) return exec();
    if (!options_.resources.empty()) return update();
    if (inputs == 0)
      throw Error(ErrorKind::usage, "one of --bundle, --config, --process, --resources is needed");
    return create();
  }

 private:
  Profile profile(const Json& document) const {
    const auto named = options_.profile.empty() ? std::nullopt : std::optional(options_.profile);
    return select_profile(policy_, environment_, named, document);
  }

  // Pinned facts replace all looking: the same output on every machine.
  Facts facts(const Json& document, const Profile& profile, const std::string& directory) const {
    if (!options_.host_facts.empty())
      return facts_from_json(document_of(kernel_, options_.host_facts));
    // Nothing is taken: a create would get the first range that is free.
    return inspect(kernel_, document, profile, directory, Looking::as_far_as_possible,
                   first_range(profile.settings("user-namespace")))
        .facts;
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
    const Facts seen = facts(document, chosen, directory);
    Plan plan = make_plan(document, chosen, seen, "");
    require_no_refusals(plan);
    verify_plan(document, plan, chosen, seen);
    evaluate_seccomp(plan.config, chosen);
    return {std::move(document), std::move(plan)};
  }

  // The container's ceiling where a bundle or config is given too, else the most that the profile
  // lets any have.
  Outcome exec() {
    Json process = document_of(kernel_, options_.process);
    check_fields(process, DocumentKind::process, UnlistedFields::keep);
    Json config;
    Json original = Json::object();
    if (options_.bundle.empty() && options_.config.empty()) {
      const Profile chosen = profile(original);
      const Json& keep = chosen.settings("capabilities").at("keep");
      config["process"] = {{"noNewPrivileges", true}, {"capabilities", {{"bounding", keep}}}};
    } else {
      Outcome created = create();
      original = std::move(created.original);
      config = std::move(created.plan.config);
    }
    const Ceiling ceiling = ceiling_of(config, profile(original));
    Plan plan = plan_exec(process, ceiling);
    require_no_refusals(plan);
    verify_exec(plan.config, ceiling);
    return {std::move(process), std::move(plan)};
  }

  Outcome update() {
    Json resources = document_of(kernel_, options_.resources);
    check_fields(resources, DocumentKind::resources, UnlistedFields::keep);
    const Profile chosen = profile(Json::object());
    const HostFacts host = facts(Json::object(), chosen, ".").host;
    Plan plan = plan_update(resources, chosen, host);
    require_no_refusals(plan);
    verify_update(plan.config, chosen, host);
    return {std::move(resources), std::move(plan)};
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
  const Options options = options_of(arguments);
  if (options.help) return 0;
  const Outcome outcome = DryRun(kernel, environment, options).run();
  for (const std::string& what : outcome.plan.unverified) {
    std::cerr << "hardened: unverified: " << printable(what) << '\n';
  }
  const bool colour = environment.terminal && !environment.no_colour;
  std::cout << report(outcome.original, outcome.plan, format_of(options.format),
                      colour ? Colour::yes : Colour::no, environment.columns);
  return 0;
}

}  // namespace hardened
