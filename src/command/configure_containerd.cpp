// SPDX-License-Identifier: Apache-2.0
// containerd: a drop-in where imports merge (2.x), the main file where they replace (1.x). Either
// is shown to containerd itself first: what `containerd config dump` makes of it must have the
// runtime.
#include <array>

#include "command/configure.hpp"
#include "hardened/command/options.hpp"
#include "hardened/core/containerd_configuration.hpp"
#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/drop_ins.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/installed_binary.hpp"

namespace hardened {
namespace {

constexpr std::array kPrograms{"/usr/bin/containerd", "/usr/local/bin/containerd"};
constexpr const char* kNext =
    "containerd has to be started again: systemctl restart containerd, or --reload (containers go "
    "on running)";

class Containerd {
 public:
  explicit Containerd(Kernel& kernel) : kernel_(kernel) {
    for (const char* program : kPrograms) {
      if (program_.empty() && exists(kernel, program)) program_ = program;
    }
    if (program_.empty()) throw Error(ErrorKind::unsupported, "there is no /usr/bin/containerd");
  }
  ContainerdMerge merge() const {
    return containerd_merge(kernel_.output_of(program_, {"--version"}));
  }
  std::string dump(const std::string& file) const {
    return kernel_.output_of(program_, {"--config", file, "config", "dump"});
  }

 private:
  Kernel& kernel_;
  std::string program_;
};

// A text that is not in place yet; by /proc, since containerd opens a name.
struct Draft {
  Descriptor file;
  std::string path;
};

Draft draft_of(Kernel& kernel, const std::string& text) {
  Descriptor file = kernel.memory_file("config.toml");
  kernel.write_all(file.number(), text);
  const auto own = kernel.read_link(kWorkingDirectory, "/proc/self");
  std::string path = "/proc/" + own.value_or("self") + "/fd/" + std::to_string(file.number());
  return {std::move(file), std::move(path)};
}

// containerd's own reading of it.
ContainerdFacts facts_of_text(Kernel& kernel, const Containerd& containerd,
                              const std::string& text) {
  const Draft draft = draft_of(kernel, text);
  return containerd_facts(containerd.dump(draft.path), text);
}

void need_proof(const ContainerdFacts& proof, const ConfigureOptions& options,
                const EngineFile& file, const std::string& link) {
  if (proof.hardened_binary == link &&
      (!options.make_default || proof.default_runtime == kRuntimeName)) {
    return;
  }
  throw Error(ErrorKind::refused,
              printable(file.path()) + ": containerd does not read what is added as it is meant");
}

struct Change {
  EngineFile file;
  std::string text;
};

bool changes(const Change& change) { return change.file.text() != change.text; }

// `text` as it would be if `place` were what it imports.
std::string with_other_import(std::string text, const std::string& pattern,
                              const std::string& place) {
  const std::string was = toml_string(pattern), is = toml_string(place);
  for (std::size_t at = text.find(was); at != std::string::npos; at = text.find(was, at)) {
    text.replace(at, was.size(), is);
    at += is.size();
  }
  return text;
}

// The drop-in first: what is imported is there then.
std::vector<Change> changes_of_2(Kernel& kernel, const ConfigureOptions& options,
                                 const Containerd& containerd, const std::string& link) {
  EngineFile main(kernel, options.file.value_or(kContainerdFile));
  const std::string base = main.present() ? main.text() : "version = 3\n";
  const auto facts = facts_of_text(kernel, containerd, base);
  const std::string directory = parent_of(main.path()) + "/conf.d";
  const std::string pattern = directory + "/*.toml";
  const std::string drop_in = containerd_drop_in(link, facts, options.make_default);
  const std::string text = containerd_with_import(base, pattern);
  const Draft draft = draft_of(kernel, drop_in);
  const std::string trial = with_other_import(text, pattern, draft.path);
  need_proof(facts_of_text(kernel, containerd, trial), options, main, link);
  std::vector<Change> wanted;
  wanted.push_back({EngineFile(kernel, directory + "/50-hardened.toml"), drop_in});
  wanted.push_back({std::move(main), text});
  return wanted;
}

std::vector<Change> changes_of_1(Kernel& kernel, const ConfigureOptions& options,
                                 const Containerd& containerd, const std::string& link) {
  EngineFile main(kernel, options.file.value_or(kContainerdFile));
  const std::string base = main.present() ? main.text() : "version = 2\n";
  const std::string without = containerd_without_block(base);
  const auto facts = facts_of_text(kernel, containerd, without);
  const std::string text = containerd_with_block(base, link, facts, options.make_default);
  need_proof(facts_of_text(kernel, containerd, text), options, main, link);
  std::vector<Change> wanted;
  wanted.push_back({std::move(main), text});
  return wanted;
}

// What is to be written, in this order.
std::vector<Change> wanted_changes(Kernel& kernel, const ConfigureOptions& options,
                                   const Containerd& containerd, const std::string& link) {
  if (containerd.merge() == ContainerdMerge::deep) {
    return changes_of_2(kernel, options, containerd, link);
  }
  return changes_of_1(kernel, options, containerd, link);
}

void write(Kernel& kernel, Change& change) {
  if (!changes(change)) return;
  const bool was_there = change.file.present();
  change.file.save_backup();
  change.file.replace(change.text);
  print_line(kernel, "written: " + printable(change.file.path()) +
                         (was_there ? "; as it was: " + printable(change.file.backup_path()) : ""));
}

void reload(Kernel& kernel, const ConfigureOptions& options) {
  if (options.reload) {
    restart_service(kernel, "containerd");
  } else {
    print_line(kernel, kNext);
  }
}

}  // namespace

int configure_containerd(Kernel& kernel, const ConfigureOptions& options) {
  const std::string binary = installed_binary(kernel);
  const Containerd containerd(kernel);
  std::vector<Change> wanted = wanted_changes(kernel, options, containerd, pod_link(binary));
  bool any = false;
  for (const Change& change : wanted) {
    any = any || changes(change);
    print(kernel, difference(change.file, change.text));
  }
  if (!any) print_line(kernel, "nothing to be done: containerd's configuration has it");
  if (options.dry_run) return 0;
  if (options.reload) need_systemd(kernel);
  const std::string link = ready_pod_link(kernel, binary, false);
  if (any) try_before_default(kernel, options, link);
  for (Change& change : wanted) write(kernel, change);
  if (any || options.reload) reload(kernel, options);
  if (any && options.make_default) {
    print_line(kernel, "pods that are there keep the runtime they were made with");
  }
  return 0;
}

// Whatever the version is now: it may have been another one when it was configured.
int unconfigure_containerd(Kernel& kernel, const ConfigureOptions& options) {
  EngineFile main(kernel, options.file.value_or(kContainerdFile));
  EngineFile drop_in(kernel, parent_of(main.path()) + "/conf.d/50-hardened.toml");
  Change change{main, containerd_without_block(main.text())};
  if (!changes(change) && !drop_in.present()) {
    print_line(kernel,
               "nothing to be done: containerd's configuration has no block of configure's");
    return 0;
  }
  print(kernel, difference(drop_in, "") + difference(change.file, change.text));
  if (options.dry_run) return 0;
  if (options.reload) need_systemd(kernel);
  write(kernel, change);
  if (drop_in.present()) {
    drop_in.remove();
    print_line(kernel, "removed: " + printable(drop_in.path()));
  }
  drop_pod_link(kernel);
  reload(kernel, options);
  print_line(kernel, "not looked: pods made with the runtime hardened cannot start again");
  return 0;
}

}  // namespace hardened
