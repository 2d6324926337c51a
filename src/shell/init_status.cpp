// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/init_status.hpp"

#include <fcntl.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestFile = 1U << 20;

std::string file_of(Kernel& kernel, const Descriptor& process, const std::string& name) {
  const Descriptor file = kernel.open(process.number(), name, O_RDONLY, Walk::no_links);
  return kernel.read_all(file.number(), kLargestFile);
}

// Security modules that are not there have no attribute to read; an empty label says so.
std::string label_of(Kernel& kernel, const Descriptor& process, const std::string& name) {
  try {
    return file_of(kernel, process, name);
  } catch (const Error& error) {
    if (error.number() == ENOENT || error.number() == EINVAL) return {};
    throw;
  }
}

Json state_of(Kernel& kernel, const std::string& runtime, const ContainerKey& key) {
  return parse_document(kernel.output_of(runtime, {"--root", key.root, "state", key.id}));
}

std::optional<Json> state_if_known(Kernel& kernel, const std::string& runtime,
                                   const ContainerKey& key) {
  try {
    return state_of(kernel, runtime, key);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::system) return std::nullopt;  // it ended with an error
    throw;
  }
}

}  // namespace

std::optional<InitProcess> init_process(Kernel& kernel, const std::string& runtime,
                                        const ContainerKey& key) {
  const std::optional<Json> before = state_if_known(kernel, runtime, key);
  if (!before) return std::nullopt;
  try {
    const std::int64_t pid = find_integer(*before, "/pid").value_or(0);
    if (pid <= 0) throw Error(ErrorKind::refused, "the container has no running init");
    const Descriptor process = kernel.open(kWorkingDirectory, "/proc/" + std::to_string(pid),
                                           O_PATH | O_DIRECTORY, Walk::follow);
    const Json state = state_of(kernel, runtime, key);
    if (find_integer(state, "/pid") != pid)
      throw Error(ErrorKind::refused, "the container changes while it is looked at");
    return InitProcess{find_string(state, "/bundle").value_or(""),
                       {.status = file_of(kernel, process, "status"),
                        .uid_map = file_of(kernel, process, "uid_map"),
                        .gid_map = file_of(kernel, process, "gid_map"),
                        .limits = file_of(kernel, process, "limits"),
                        .apparmor_label = label_of(kernel, process, "attr/apparmor/current"),
                        .selinux_label = label_of(kernel, process, "attr/current"),
                        .oom_score_adj = file_of(kernel, process, "oom_score_adj")}};
  } catch (Error& error) {
    throw Error(ErrorKind::refused,
                std::string("this container has no record, and its init cannot be judged: ") +
                    error.what());
  }
}

}  // namespace hardened
