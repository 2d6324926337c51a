// SPDX-License-Identifier: Apache-2.0
// The engines that make the network namespace themselves: CRI-O and Podman, by a file of our own
// beside theirs, and what they share with containerd.
#include <fcntl.h>

#include <array>

#include "command/configure.hpp"
#include "hardened/command/options.hpp"
#include "hardened/core/drop_ins.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/installed_binary.hpp"
#include "hardened/shell/trial_container.hpp"

namespace hardened {
namespace {

constexpr const char* kSystemctl = "/usr/bin/systemctl";

bool was_made_by_us(const EngineFile& file) { return file.text().starts_with(kMadeByConfigure); }

void refuse_foreign_file(const EngineFile& file) {
  if (!file.present() || was_made_by_us(file)) return;
  throw Error(ErrorKind::refused, printable(file.path()) + " was not made by configure");
}

struct DropInEngine {
  const char* file;
  const char* service;  // nullptr: every call reads the configuration anew
  const char* next;     // said where nothing was reloaded
};

constexpr DropInEngine kCrio{kCrioFile, "crio",
                             "CRI-O has to be started again: systemctl restart crio, or --reload "
                             "(containers go on running)"};
constexpr DropInEngine kPodman{kPodmanFile, nullptr, "Podman reads it with the next call"};

void reload(Kernel& kernel, const DropInEngine& engine, bool asked) {
  if (engine.service != nullptr && asked) {
    restart_service(kernel, engine.service);
  } else {
    print_line(kernel, engine.next);
  }
}

int configure(Kernel& kernel, const ConfigureOptions& options, const DropInEngine& engine,
              const std::string& binary, const std::string& text) {
  EngineFile file(kernel, options.file.value_or(engine.file));
  refuse_foreign_file(file);
  if (file.text() == text) {
    ready_pod_link(kernel, binary, options.dry_run);
    print_line(kernel, "nothing to be done: " + printable(file.path()) + " has it");
    if (options.reload && !options.dry_run) reload(kernel, engine, true);
    return 0;
  }
  print(kernel, difference(file, text));
  if (options.dry_run) return 0;
  if (options.reload && engine.service != nullptr) need_systemd(kernel);
  const std::string link = ready_pod_link(kernel, binary, false);
  try_before_default(kernel, options, link);
  file.replace(text);
  print_line(kernel, "written: " + printable(file.path()));
  reload(kernel, engine, options.reload);
  if (options.make_default) {
    print_line(kernel, "containers and pods that are there keep the runtime they were made with");
  }
  return 0;
}

int unconfigure(Kernel& kernel, const ConfigureOptions& options, const DropInEngine& engine) {
  EngineFile file(kernel, options.file.value_or(engine.file));
  if (!file.present()) {
    print_line(kernel, "nothing to be done: there is no " + printable(file.path()));
    return 0;
  }
  refuse_foreign_file(file);
  print(kernel, difference(file, ""));
  if (options.dry_run) return 0;
  if (options.reload && engine.service != nullptr) need_systemd(kernel);
  file.remove();
  print_line(kernel, "removed: " + printable(file.path()));
  drop_pod_link(kernel);
  reload(kernel, engine, options.reload);
  print_line(kernel,
             "not looked: containers and pods made with the runtime hardened cannot start again");
  return 0;
}

// What Podman reads before our file.
std::vector<std::string> podman_texts(Kernel& kernel) {
  std::vector<std::string> texts;
  for (const char* path :
       {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf"}) {
    texts.push_back(text_of_file(kernel, path));
  }
  const std::string directory = "/etc/containers/containers.conf.d";
  if (!exists(kernel, directory)) return texts;
  const Descriptor open =
      kernel.open(kWorkingDirectory, directory, O_RDONLY | O_DIRECTORY, Walk::follow);
  for (const std::string& name : kernel.list(open.number())) {
    if (name.ends_with(".conf")) texts.push_back(text_of_file(kernel, directory + '/' + name));
  }
  return texts;
}

}  // namespace

std::string ready_pod_link(Kernel& kernel, const std::string& binary, bool dry_run) {
  const bool absent = look_at_pod_link(kernel, binary) == PodLink::absent;
  if (absent && !dry_run) {
    make_pod_link(kernel, real_administration(), binary);
    print_line(kernel,
               "made: " + printable(pod_link(binary)) + ", whose name chooses the profile pod");
  }
  return pod_link(binary);
}

void drop_pod_link(Kernel& kernel) {
  const std::string binary = installed_binary(kernel);
  const std::string link = pod_link(binary);
  if (look_at_pod_link(kernel, binary) != PodLink::ours) return;
  for (const char* file : {kContainerdFile, kContainerdDropIn, kCrioFile, kPodmanFile}) {
    if (text_of_file(kernel, file).find(link) != std::string::npos) return;
  }
  remove_pod_link(kernel, binary);
  print_line(kernel, "removed: " + printable(link));
}

void need_systemd(Kernel& kernel) {
  if (exists(kernel, "/run/systemd/system")) return;
  throw Error(ErrorKind::unsupported,
              "--reload needs systemd, which does not run here; nothing is changed");
}

void restart_service(Kernel& kernel, const std::string& service) {
  try {
    kernel.output_of(kSystemctl, {"restart", service});
  } catch (Error& error) {
    throw error.followed_by("the files are written; why " + service +
                            " did not start: journalctl -u " + service);
  }
  print_line(kernel, "restarted: " + service);
}

void try_before_default(Kernel& kernel, const ConfigureOptions& options, const std::string& link) {
  if (!options.make_default) return;
  try {
    try_bundle(kernel, *options.environment, link);
  } catch (Error& error) {
    throw error.followed_by("nothing is configured");
  }
  print_line(kernel, "a trial container ran");
}

int configure_crio(Kernel& kernel, const ConfigureOptions& options) {
  const std::string binary = installed_binary(kernel);
  return configure(kernel, options, kCrio, binary,
                   crio_drop_in(pod_link(binary), options.make_default));
}

int unconfigure_crio(Kernel& kernel, const ConfigureOptions& options) {
  return unconfigure(kernel, options, kCrio);
}

int configure_podman(Kernel& kernel, const ConfigureOptions& options) {
  const std::string binary = installed_binary(kernel);
  return configure(kernel, options, kPodman, binary,
                   podman_drop_in(pod_link(binary), podman_supports_json(podman_texts(kernel)),
                                  options.make_default));
}

int unconfigure_podman(Kernel& kernel, const ConfigureOptions& options) {
  return unconfigure(kernel, options, kPodman);
}

}  // namespace hardened
