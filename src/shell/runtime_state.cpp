// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/runtime_state.hpp"

#include <fcntl.h>

#include <cerrno>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/shell/init_status.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestState = 64U << 20;

std::optional<Json> read_state(Kernel& kernel, const ContainerKey& key, const std::string& file) {
  try {
    const Descriptor state = kernel.open(kWorkingDirectory, key.root + "/" + key.id + file,
                                         O_RDONLY | O_NOFOLLOW, Walk::follow);
    return parse_document(kernel.read_all(state.number(), kLargestState));
  } catch (Error& error) {
    if (error.number() == ENOENT || error.number() == ENOTDIR) return std::nullopt;
    // Who cannot say where init is would let an exec pass unlooked at.
    throw error.within(key.root + "/" + key.id + file);
  }
}

// runc keeps it among the labels of its own configuration: last, after the document's annotations,
// one of which may have the same name.
std::string bundle_of_labels(const Json& state) {
  constexpr std::string_view kLabel = "bundle=";
  std::string bundle;
  for (const std::string& label : find_strings(state, "/config/labels")) {
    if (label.starts_with(kLabel)) bundle = label.substr(kLabel.size());
  }
  return bundle;
}

std::uint64_t start_of(const Json& state, std::string_view pointer) {
  return static_cast<std::uint64_t>(find_integer(state, pointer).value_or(0));
}

// Go takes $PWD for the working directory where it leads there: a name through links.
bool is_same_directory(Kernel& kernel, const std::string& one, const std::string& other) {
  if (one == other) return true;
  try {
    const auto status_of = [&](const std::string& path) {
      return kernel.status(
          kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow).number());
    };
    const struct stat first = status_of(one);
    const struct stat second = status_of(other);
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  } catch (const Error&) {
    return false;  // one is gone
  }
}

}  // namespace

RuntimeState runtime_state(Kernel& kernel, const ContainerKey& key) {
  if (const auto runc = read_state(kernel, key, "/state.json")) {
    return {find_integer(*runc, "/init_process_pid").value_or(0),
            start_of(*runc, "/init_process_start"), bundle_of_labels(*runc)};
  }
  if (const auto crun = read_state(kernel, key, "/status")) {
    return {find_integer(*crun, "/pid").value_or(0), start_of(*crun, "/process-start-time"),
            find_string(*crun, "/bundle").value_or("")};
  }
  return {};
}

bool runs_from(Kernel& kernel, const std::string& runtime, const ContainerKey& key,
               const RuntimeState& state, const std::string& bundle) {
  if (!state.bundle.empty()) return is_same_directory(kernel, state.bundle, bundle);
  const auto init = init_process(kernel, runtime, key);
  return init && is_same_directory(kernel, init->bundle, bundle);
}

}  // namespace hardened
