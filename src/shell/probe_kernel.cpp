// SPDX-License-Identifier: Apache-2.0
// What the kernel can do, by doing it to things that nobody sees: detached clones, file systems
// without a place, an empty user namespace.
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <sstream>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/stage_directory.hpp"
#include "hardened/shell/user_namespace.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

template <typename Try>
Probe attempt(const std::string& success, Try&& body) {
  try {
    body();
    return {Answer::yes, success};
  } catch (const Error& error) {
    return {Answer::no, error.what()};
  }
}

std::string first_line(Kernel& kernel, const std::string& path) {
  try {
    const std::string text = read_small_file(kernel, path).value_or("");
    return text.substr(0, text.find('\n'));
  } catch (const Error&) {
    return "";
  }
}

Probe seccomp(Kernel& kernel) {
  constexpr const char* kActions = "/proc/sys/kernel/seccomp/actions_avail";
  const std::string actions = first_line(kernel, kActions);
  // The kernel has that file where it has filters at all.
  if (actions.empty()) return {Answer::no, std::string(kActions) + " is not there"};
  if ((" " + actions + " ").find(" errno ") == std::string::npos) {
    return {Answer::no, "no filter can answer with an error: " + actions};
  }
  return {Answer::yes, actions};
}

class Mapping {
 public:
  Mapping(Kernel& kernel, const Observation& seen, const std::string& storage)
      : kernel_(kernel), storage_(storage) {
    const Profile profile = seen.policy.profile(seen.policy.default_profile());
    map_ = id_map_text(maps_of(first_range(profile.settings("user-namespace"))).users);
  }

  Probe user_namespaces() {
    const std::string most = first_line(kernel_, "/proc/sys/user/max_user_namespaces");
    Probe probe = attempt("made one; user.max_user_namespaces is " + most,
                          [&] { ids_ = kernel_.user_namespace(map_, map_); });
    if (probe.answer == Answer::no) probe.detail += "; user.max_user_namespaces is " + most;
    return probe;
  }

  Probe attributes() {
    return attempt("set on a clone of " + storage_, [&] {
      const Descriptor tree = clone();
      kernel_.set_attributes(tree.number(), Tree::recursive,
                             {.read_only = true, .nosuid = true, .nodev = true});
    });
  }

  Probe id_mapped() {
    if (!ids_) return without_ids();
    return attempt("tried on a clone of " + storage_, [&] {
      const Descriptor tree = clone();
      kernel_.set_attributes(tree.number(), Tree::single, {.id_map = ids_.number()});
    });
  }

  Probe id_mapped_tmpfs() {
    if (!ids_) return without_ids();
    return attempt("tried on one that nobody sees", [&] {
      const Descriptor context = kernel_.open_file_system("tmpfs");
      kernel_.create_as(context.number(), {});
      const Descriptor tree = kernel_.mount_file_system(context.number());
      kernel_.set_attributes(tree.number(), Tree::single, {.id_map = ids_.number()});
    });
  }

  // The layers: a directory of the engine's, shown through the ids; what is written: a tmpfs.
  void overlay(Probe& overlay, Probe& layer_options) {
    if (!ids_) {
      overlay = layer_options = without_ids();
      return;
    }
    overlay = attempt("tried over a clone of " + storage_, [&] { prepare(); });
    if (overlay.answer != Answer::yes) {
      layer_options = {Answer::unasked, "no id-mapped layer to try it with"};
      return;
    }
    layer_options = attempt("taken", [&] { mount_by_descriptor(); });
    if (layer_options.answer == Answer::yes) return;
    overlay = attempt("tried over a clone of " + storage_, [&] { mount_by_text(); });
  }

 private:
  Descriptor clone() {
    const Descriptor directory =
        kernel_.open(kWorkingDirectory, storage_, O_PATH | O_DIRECTORY, Walk::follow);
    return kernel_.open_tree(directory.number(), Tree::single);
  }

  static Probe without_ids() { return {Answer::no, "no user namespace to map by"}; }

  // Kernels before 6.15 take layers only of mounts that stand somewhere: in a namespace of ours.
  void prepare() {
    const Descriptor layer = clone();
    kernel_.set_attributes(layer.number(), Tree::single,
                           {.make_private = true, .id_map = ids_.number()});
    kernel_.unshare_mounts();
    kernel_.mount("", "/", "", MS_REC | MS_PRIVATE, "");
    const Descriptor memory = kernel_.open_file_system("tmpfs");
    kernel_.create_as(memory.number(), {});
    place_ = kernel_.mount_file_system(memory.number());
    kernel_.move_mount(place_.number(), kWorkingDirectory, kPlace);
    for (const char* name : {"layer", "upper", "work", "merged"}) {
      kernel_.make_directory(place_.number(), name, 0700);
    }
    kernel_.move_mount(layer.number(), place_.number(), "layer");
  }

  Descriptor at(const std::string& name) {
    return kernel_.open(place_.number(), name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
  }

  void mount_by_descriptor() {
    const Descriptor lower = at("layer"), upper = at("upper"), work = at("work");
    const Descriptor context = kernel_.open_file_system("overlay");
    kernel_.configure(context.number(), "lowerdir+", descriptor_path(lower));
    kernel_.configure(context.number(), "upperdir", descriptor_path(upper));
    kernel_.configure(context.number(), "workdir", descriptor_path(work));
    kernel_.create_as(context.number(), {});
    kernel_.mount_file_system(context.number());
  }

  void mount_by_text() {
    const Descriptor lower = at("layer"), upper = at("upper"), work = at("work");
    kernel_.mount("hardened", std::string(kPlace) + "/merged", "overlay", 0,
                  "lowerdir=" + descriptor_path(lower) + ",upperdir=" + descriptor_path(upper) +
                      ",workdir=" + descriptor_path(work));
  }

  static constexpr const char* kPlace = "/run";  // everywhere there; covered for us alone

  Kernel& kernel_;
  std::string storage_;
  std::string map_;
  Descriptor ids_;
  Descriptor place_;
};

// Root's to try, and below a rootless engine nothing is mapped by us.
std::string unable(Kernel& kernel) {
  if (kernel.user() != 0) return "only root can try";
  try {
    if (!in_initial_user_namespace(kernel)) return "this is not the host's user namespace";
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains_word(const std::string& words, const std::string& word) {
  return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

void controllers_of_version_1(Kernel& kernel, Observation& seen) {
  const std::string text = read_small_file(kernel, "/proc/cgroups").value_or("");
  for (const std::string name : {"pids", "memory", "cpu", "devices"}) {
    Probe probe{Answer::no, "not in /proc/cgroups"};
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string found;
      int hierarchy = 0, groups = 0, enabled = 0;
      if (!(fields >> found >> hierarchy >> groups >> enabled) || found != name) continue;
      const bool usable = enabled == 1 && hierarchy != 0;
      probe = {usable ? Answer::yes : Answer::no,
               usable ? "cgroup v1 hierarchy " + std::to_string(hierarchy)
                      : "switched off, or mounted nowhere (/proc/cgroups)"};
    }
    seen.controllers[name] = probe;
  }
}

void controllers(Kernel& kernel, Observation& seen) {
  if (seen.host.cgroup_version == 1) return controllers_of_version_1(kernel, seen);
  const std::string known = first_line(kernel, "/sys/fs/cgroup/cgroup.controllers");
  for (const std::string name : {"pids", "memory", "cpu"}) {
    const bool there = contains_word(known, name);
    seen.controllers[name] = {there ? Answer::yes : Answer::no,
                              there ? "in /sys/fs/cgroup/cgroup.controllers"
                                    : "not in /sys/fs/cgroup/cgroup.controllers (" + known + ")"};
  }
}

}  // namespace

void probe_kernel(Kernel& kernel, Observation& seen, const std::string& storage) {
  seen.features["openat2"] = attempt(
      "works", [&] { kernel.open(kWorkingDirectory, "/", O_PATH | O_DIRECTORY, Walk::no_links); });
  seen.features["seccomp"] = seccomp(kernel);
  try {
    controllers(kernel, seen);
    for (const std::string& name : seen.host.missing_controllers) {
      seen.controllers[name] = {Answer::no, "not delegated to this user"};
    }
  } catch (const Error& error) {
    for (const char* name : {"pids", "memory", "cpu"}) {
      seen.controllers[name] = {Answer::unasked, error.what()};
    }
  }
  const std::string why = unable(kernel);
  Mapping mapping(kernel, seen, storage);
  const auto ask = [&](const char* name, Probe (Mapping::*probe)()) {
    seen.features[name] = why.empty() ? (mapping.*probe)() : Probe{Answer::unasked, why};
  };
  ask("user-namespaces", &Mapping::user_namespaces);
  ask("mount-attributes", &Mapping::attributes);
  ask("id-mapped-mounts", &Mapping::id_mapped);
  ask("id-mapped-tmpfs", &Mapping::id_mapped_tmpfs);
}

void probe_overlay(Kernel& kernel, Observation& seen, const std::string& storage) {
  Probe& overlay = seen.features["id-mapped-overlay"];
  Probe& options = seen.features["layer-options"];
  if (const std::string why = unable(kernel); !why.empty()) {
    overlay = options = {Answer::unasked, why};
    return;
  }
  Mapping mapping(kernel, seen, storage);
  mapping.user_namespaces();
  mapping.overlay(overlay, options);
}

}  // namespace hardened
