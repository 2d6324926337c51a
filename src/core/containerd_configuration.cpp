// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/containerd_configuration.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/drop_ins.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kEnd = "# End of what `hardened configure` made.";
constexpr std::string_view kWas = "# hardened configure, before: ";  // and the line that was there
constexpr std::string_view kAdded = "# hardened configure, added:";  // the next line was not there
const std::string kPluginOfVersion2 = R"(plugins."io.containerd.grpc.v1.cri".containerd)";
const std::string kPluginOfVersion3 = R"(plugins."io.containerd.cri.v1.runtime".containerd)";

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// "name = value" -> value; nullopt for another line.
std::optional<std::string> value_of(std::string_view line, std::string_view name) {
  line = trimmed(line);
  if (!line.starts_with(name)) return std::nullopt;
  line = trimmed(line.substr(name.size()));
  if (!line.starts_with('=')) return std::nullopt;
  return std::string(trimmed(line.substr(1)));
}

// "[table]" -> table, without the quotes that TOML leaves to the writer; empty for another line.
std::string table_of(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('[') || line.starts_with("[[")) return "";
  std::string name(
      line.substr(1, line.find(']') == std::string_view::npos ? 0 : line.find(']') - 1));
  std::erase_if(name, [](char c) { return c == ' ' || c == '"' || c == '\''; });
  return name;
}

std::string plain(std::string name) {
  std::erase(name, '"');
  return name;
}

std::string unquoted(const std::string& value) {
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
  return quoted ? value.substr(1, value.find(value.front(), 1) - 1) : value;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  if (!text.empty()) text.pop_back();
  return text;
}

std::string runtime_tables(const std::string& plugin, std::string_view path,
                           const ContainerdFacts& facts) {
  const std::string_view cgroup = facts.systemd_cgroup ? "true" : "false";
  std::string text;
  const auto table = [&](const std::string& name) {
    const std::string place = plugin + ".runtimes." + name;
    text +=
        "[" + place + "]\n  runtime_type = \"io.containerd.runc.v2\"\n  [" + place + ".options]\n";
  };
  if (!facts.has_runtimes) {
    table("runc");
    text.append("    SystemdCgroup = ").append(cgroup).append("\n");
  }
  table(std::string(kRuntimeName));
  text += "    BinaryName = " + toml_string(path) + "\n    SystemdCgroup = ";
  return text.append(cgroup).append("\n");
}

const std::string kDefaultLine = "default_runtime_name = \"" + std::string(kRuntimeName) + "\"";

// In the table that is there: its line, or a new first one. False: the file has no such table.
bool set_default(std::vector<std::string>& lines) {
  std::size_t header = lines.size();
  std::string table;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (const std::string name = table_of(lines[index]); !name.empty()) table = name;
    if (table != plain(kPluginOfVersion2)) continue;
    header = std::min(header, index);
    const auto value = value_of(lines[index], "default_runtime_name");
    if (!value) continue;
    if (unquoted(*value) != kRuntimeName) {
      const std::string was = lines[index];
      lines[index] = std::string(kWas) + was;
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(index) + 1, kDefaultLine);
    }
    return true;
  }
  if (header == lines.size()) return false;
  const auto below = lines.begin() + static_cast<std::ptrdiff_t>(header) + 1;
  lines.insert(below, {std::string(kAdded), kDefaultLine});
  return true;
}

// One that the administrator wrote.
void leave_no_default_without_runtime(std::vector<std::string>& lines) {
  const auto registers = [](const std::string& line) {
    return table_of(line).ends_with(".containerd.runtimes.hardened");
  };
  if (std::ranges::any_of(lines, registers)) return;
  for (std::string& line : lines) {
    const auto name = value_of(line, "default_runtime_name");
    if (!name || unquoted(*name) != kRuntimeName) continue;
    line = line.substr(0, line.find_first_not_of(" \t")) + "default_runtime_name = \"runc\"";
  }
}

int version_of(const std::vector<std::string>& lines) {
  int version = 1;
  for (const std::string& line : lines) {
    if (!table_of(line).empty()) break;
    if (const auto value = value_of(line, "version")) {
      std::from_chars(value->data(), value->data() + value->size(), version);
    }
  }
  return version;
}

[[noreturn]] void refuse_version(std::string_view wanted) {
  throw Error(ErrorKind::refused,
              "only `version = 2`" + std::string(wanted) +
                  " can be added to; `containerd config migrate` prints such a one");
}

}  // namespace

ContainerdMerge containerd_merge(std::string_view version_line) {
  const std::vector<std::string> words = split(version_line, ' ');
  std::string version = words.size() > 2 ? words[2] : "";
  if (version.starts_with('v')) version.erase(0, 1);
  int major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const char* at = std::from_chars(version.data(), end, major).ptr;
  if (at != end && *at == '.') std::from_chars(at + 1, end, minor);
  if (major < 1 || (major == 1 && minor < 6)) {
    throw Error(ErrorKind::unsupported,
                "containerd 1.6 or newer is needed, this is " + printable(version_line, 100));
  }
  return major == 1 ? ContainerdMerge::replaces_sections : ContainerdMerge::deep;
}

ContainerdFacts containerd_facts(std::string_view dump, std::string_view text) {
  ContainerdFacts facts;
  std::string table;
  for (const std::string& line : split(dump, '\n')) {
    if (const std::string name = table_of(line); !name.empty()) table = name;
    if (const auto name = value_of(line, "default_runtime_name"))
      facts.default_runtime = unquoted(*name);
    const bool ours = table.ends_with(".runtimes.hardened.options");
    if (const auto binary = value_of(line, "BinaryName"); binary && ours) {
      facts.hardened_binary = unquoted(*binary);
    }
    if (table.ends_with(".runtimes.runc.options") && value_of(line, "SystemdCgroup") == "true") {
      facts.systemd_cgroup = true;
    }
  }
  const std::vector<std::string> lines = split(text, '\n');
  for (const std::string& line : lines) {
    if (table_of(line).find(".containerd.runtimes") != std::string::npos) facts.has_runtimes = true;
  }
  facts.version = version_of(lines);
  return facts;
}

std::string containerd_drop_in(std::string_view path, const ContainerdFacts& facts,
                               bool as_default) {
  if (facts.version < 2) refuse_version(" or a later one");
  // A later version than 3 takes what is older, and moves it to its own names.
  const int version = std::min(facts.version, 3);
  const std::string& plugin = version == 2 ? kPluginOfVersion2 : kPluginOfVersion3;
  std::string text(kMadeByConfigure);
  text += "\nversion = " + std::to_string(version) + "\n\n";
  if (as_default) text += "[" + plugin + "]\n  " + kDefaultLine + "\n\n";
  return text + runtime_tables(plugin, path, facts);
}

std::string containerd_with_block(std::string_view text, std::string_view path,
                                  const ContainerdFacts& facts, bool as_default) {
  const std::string before = containerd_without_block(text);
  std::vector<std::string> lines = split(before, '\n');
  if (version_of(lines) != 2) refuse_version("");
  std::string block(kMadeByConfigure);
  block += '\n';
  if (as_default && !set_default(lines)) {
    block += "[" + kPluginOfVersion2 + "]\n  " + kDefaultLine + '\n';
  }
  block += runtime_tables(kPluginOfVersion2, path, facts);
  std::string result = joined(lines);
  if (!result.empty() && !result.ends_with('\n')) result += '\n';
  return result + block + std::string(kEnd) + '\n';
}

std::string containerd_without_block(std::string_view text) {
  std::vector<std::string> kept;
  bool inside = false, skip = false;
  for (const std::string& line : split(text, '\n')) {
    if (line == kMadeByConfigure) inside = true;
    if (inside) {
      inside = line != kEnd;
      continue;
    }
    // The line below either comment is ours.
    if (skip) {
      skip = false;
      continue;
    }
    skip = line == kAdded || line.starts_with(kWas);
    if (line.starts_with(kWas)) kept.push_back(line.substr(kWas.size()));
    if (!skip) kept.push_back(line);
  }
  leave_no_default_without_runtime(kept);
  return joined(kept);
}

std::string containerd_with_import(std::string_view text, std::string_view pattern) {
  const std::string line = "imports = [" + toml_string(pattern) + "]";
  std::vector<std::string> lines = split(text, '\n');
  std::size_t place = 0;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (!table_of(lines[index]).empty()) break;
    if (const auto imports = value_of(lines[index], "imports")) {
      if (imports->find(toml_string(pattern)) != std::string::npos) return std::string(text);
      throw Error(ErrorKind::refused, "its imports are others; add " + toml_string(pattern) +
                                          " to them, then configure again");
    }
    if (value_of(lines[index], "version")) place = index + 1;
  }
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place), line);
  return joined(lines);
}

}  // namespace hardened
