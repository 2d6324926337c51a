// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/docker_configuration.hpp"

#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/json_text.hpp"

namespace hardened {
namespace {

const std::string kRuntimes = "runtimes";
const std::string kDefault = "default-runtime";
const std::string kHardened(kRuntimeName);

}  // namespace

DockerSettings docker_settings(std::string_view text) {
  const Json document = parse_json_text(text);
  DockerSettings settings;
  for (const auto& [name, runtime] : find_object(document, "/runtimes").items()) {
    settings.runtimes.push_back(name);
  }
  settings.hardened_path = find_string(document, "/runtimes/" + kHardened + "/path");
  settings.default_runtime = find_string(document, "/" + kDefault);
  settings.pidfile = find_string(document, "/pidfile");
  settings.hosts = find_strings(document, "/hosts");
  return settings;
}

std::string docker_with_runtime(std::string_view text, std::string_view path) {
  const DockerSettings settings = docker_settings(text);
  if (settings.hardened_path == path) return std::string(text);
  return with_member(text, {kRuntimes, kHardened, "path"}, path);
}

std::string docker_with_default(std::string_view text, std::string_view name) {
  if (docker_settings(text).default_runtime == name) return std::string(text);
  return with_member(text, {kDefault}, name);
}

std::string docker_without_runtime(std::string_view text,
                                   const std::optional<std::string>& earlier) {
  std::string result(text);
  if (docker_settings(result).default_runtime == kHardened) {
    const std::vector<std::string> runtimes = docker_settings(result).runtimes;
    const bool known = earlier && *earlier != kHardened && std::ranges::count(runtimes, *earlier);
    result = with_member(result, {kDefault}, known ? *earlier : "runc");
  }
  result = without_member(result, {kRuntimes, kHardened});
  const Json document = parse_json_text(result);
  const bool emptied = result != text && find(document, "/runtimes") != nullptr &&
                       find_object(document, "/runtimes").empty();
  return emptied ? without_member(result, {kRuntimes}) : result;
}

std::optional<std::string> flag_value(const std::vector<std::string>& command_line,
                                      std::string_view name) {
  std::optional<std::string> value;
  const std::string flag = "--" + std::string(name);
  for (std::size_t index = 1; index < command_line.size(); ++index) {
    const std::string& word = command_line[index];
    if (word.starts_with(flag + "=")) value = word.substr(flag.size() + 1);
    if (word == flag && index + 1 < command_line.size()) value = command_line[index + 1];
  }
  return value;
}

std::optional<std::string> docker_flag_conflict(const std::vector<std::string>& command_line,
                                                bool with_default) {
  if (flag_value(command_line, "add-runtime")) return "--add-runtime";
  if (with_default && flag_value(command_line, "default-runtime")) return "--default-runtime";
  return std::nullopt;
}

}  // namespace hardened
