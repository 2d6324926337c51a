// SPDX-License-Identifier: Apache-2.0
// Whether a container has namespaces of its own: by their inodes, against those of the host's init
// and of this program.
#include <algorithm>

#include "core/judge_checks.hpp"

namespace hardened::judging {
namespace {

void own_namespace(const Scene& scene, Finding& finding, const std::string& file) {
  const auto hosts = scene.host.namespaces.find(file);
  if (hosts == scene.host.namespaces.end() || hosts->second.empty()) {
    return finding.warn("the host's own " + file + " namespace could not be looked at");
  }
  each_process(scene, finding, "ns", [&](const ProcessSighting& process) {
    const auto own = process.namespaces.find(file);
    if (own == process.namespaces.end()) {
      finding.warn(describe(process) + " shows no " + file + " namespace");
    } else if (hosts->second.contains(own->second)) {
      finding.fail(describe(process) + " is in the host's " + own->second);
    } else {
      finding.pass(own->second + ", the host has " + *hosts->second.begin());
    }
  });
}

std::string map_text(const std::vector<IdMapping>& map) {
  std::string text;
  for (const IdMapping& line : map) {
    text += (text.empty() ? "" : ", ") + std::to_string(line.container) + ' ' +
            std::to_string(line.host) + ' ' + std::to_string(line.size);
  }
  return text.empty() ? "empty" : text;
}

}  // namespace

void network_namespace(const Scene& scene, Finding& finding) {
  own_namespace(scene, finding, "net");
}
void pid_namespace(const Scene& scene, Finding& finding) { own_namespace(scene, finding, "pid"); }
void ipc_namespace(const Scene& scene, Finding& finding) { own_namespace(scene, finding, "ipc"); }
void uts_namespace(const Scene& scene, Finding& finding) { own_namespace(scene, finding, "uts"); }

void user_namespace(const Scene& scene, Finding& finding) {
  own_namespace(scene, finding, "user");
  if (finding.verdict() == Verdict::fail) return;
  each_process(scene, finding, "uid_map", [&](const ProcessSighting& process) {
    const bool root = std::any_of(process.user_map.begin(), process.user_map.end(),
                                  [](const IdMapping& map) { return map.host == 0; });
    const std::string map = "uid_map " + map_text(process.user_map);
    if (root) {
      finding.fail(describe(process) + " has the host's root in its " + map);
    } else {
      finding.pass(map);
    }
  });
}

}  // namespace hardened::judging
