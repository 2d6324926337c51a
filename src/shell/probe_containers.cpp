// SPDX-License-Identifier: Apache-2.0
// Docker's containers, as it keeps them below its data root.
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargest = 16U << 20;

// With userns-remap Docker keeps everything one directory deeper: <data root>/165536.165536.
bool is_remapped(const std::string& name) {
  return name.find('.') != std::string::npos &&
         name.find_first_not_of("0123456789.") == std::string::npos;
}

std::vector<std::string> container_directories(Kernel& kernel, const std::string& root) {
  std::vector<std::string> roots{root};
  for (const std::string& name : names_in(kernel, root)) {
    if (is_remapped(name)) roots.push_back(root + '/' + name);
  }
  std::vector<std::string> directories;
  for (const std::string& one : roots) {
    for (const std::string& id : names_in(kernel, one + "/containers")) {
      directories.push_back(one + "/containers/" + id);
    }
  }
  return directories;
}

// nullopt: it is being made, or removed this moment.
std::optional<ContainerSeen> container_in(Kernel& kernel, const std::string& directory) {
  const auto own = read_small_file(kernel, directory + "/config.v2.json", kLargest);
  const auto host = read_small_file(kernel, directory + "/hostconfig.json", kLargest);
  if (!own || !host) return std::nullopt;
  const Json config = parse_document(*own);
  ContainerSeen container;
  container.id = find_string(config, "/ID").value_or("");
  container.running = find_boolean(config, "/State/Running").value_or(false);
  container.name = find_string(config, "/Name").value_or(directory);
  if (container.name.starts_with('/')) container.name.erase(0, 1);
  container.runtime = find_string(parse_document(*host), "/Runtime").value_or("");
  // Made while there was no choice: it follows the default of its start.
  if (container.runtime.empty()) container.runtime = "the default";
  return container;
}

}  // namespace

void probe_containers(Kernel& kernel, EngineSeen& engine) {
  const std::string root = data_root(engine);
  try {
    std::vector<ContainerSeen> containers;
    for (const std::string& directory : container_directories(kernel, root)) {
      if (auto container = container_in(kernel, directory)) {
        containers.push_back(*std::move(container));
      }
    }
    engine.containers = std::move(containers);
  } catch (const Error& error) {
    engine.containers_error = root + ": " + error.what();
  }
}

std::string docker_container_id(Kernel& kernel, const std::string& name) {
  EngineSeen engine = probe_engine(kernel, read_accounts(kernel), {});
  probe_containers(kernel, engine);
  if (!engine.containers_error.empty())
    throw Error(ErrorKind::unsupported, printable(engine.containers_error));
  for (const ContainerSeen& container : engine.containers.value_or(std::vector<ContainerSeen>{})) {
    if (container.name == name) return container.id;
  }
  return "";
}

}  // namespace hardened
