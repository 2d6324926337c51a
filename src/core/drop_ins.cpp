// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/drop_ins.hpp"

#include <algorithm>

#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

const std::string kName(kRuntimeName);

// The quoted words of the array that `key` is given, over several lines too; comments are left out.
std::vector<std::string> array_of(const std::string& text, std::string_view key) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::string line : split(text, '\n')) {
    line.resize(std::min(line.find('#'), line.size()));
    if (!inside) {
      const std::size_t start = line.find_first_not_of(" \t");
      if (start == std::string::npos || !std::string_view(line).substr(start).starts_with(key)) {
        continue;
      }
      words.clear();  // the last one counts
    }
    const std::vector<std::string> parts = split(line, '"');
    for (std::size_t index = 1; index < parts.size(); index += 2) words.push_back(parts[index]);
    inside = line.find(']') == std::string::npos;
  }
  return words;
}

}  // namespace

// TOML's basic strings have the escapes of JSON's.
std::string toml_string(std::string_view text) { return Json(text).dump(); }

std::string crio_drop_in(std::string_view path, bool as_default) {
  std::string text(kMadeByConfigure);
  text += "\n\n";
  if (as_default) text += "[crio.runtime]\ndefault_runtime = \"" + kName + "\"\n\n";
  return text + "[crio.runtime.runtimes." + kName + "]\nruntime_path = " + toml_string(path) +
         "\nruntime_type = \"oci\"\nruntime_root = \"/run/runc\"\n";
}

std::string podman_drop_in(std::string_view path, const std::vector<std::string>& supports_json,
                           bool as_default) {
  std::string list;
  for (const std::string& name : supports_json) {
    list += (list.empty() ? "" : ", ") + toml_string(name);
  }
  std::string text(kMadeByConfigure);
  text += "\n\n[engine]\n";
  if (as_default) text += "runtime = \"" + kName + "\"\n";
  return text + "runtime_supports_json = [" + list + "]\n\n[engine.runtimes]\n" + kName + " = [" +
         toml_string(path) + "]\n";
}

std::vector<std::string> podman_supports_json(const std::vector<std::string>& texts) {
  // Podman 4 and 5 (containers/common, pkg/config/default.go).
  std::vector<std::string> names{"crun", "runc", "kata", "runsc", "youki", "krun", "ocijail"};
  for (const std::string& text : texts) {
    for (const std::string& name : array_of(text, "runtime_supports_json")) names.push_back(name);
  }
  // By its name in the configuration, and by the path's last part under `--runtime PATH`.
  names.insert(names.end(), {kName, kName + "-pod"});
  std::vector<std::string> once;
  for (const std::string& name : names) {
    if (!std::ranges::count(once, name)) once.push_back(name);
  }
  return once;
}

}  // namespace hardened
