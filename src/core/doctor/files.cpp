// SPDX-License-Identifier: Apache-2.0
// Section 3 of the CIS Docker Benchmark, numbered as in docker-bench-security 1.6: owners and modes
// of Docker's files and sockets.
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

// One file of the benchmark: an item about its owner, one about its mode.
struct Subject {
  std::string_view name;  // key of EngineSeen::files
  int owner_item;
  int mode_item;
  std::uint32_t most;  // permission bits that it may have
};

constexpr std::array kSubjects{
    Subject{"docker.service", 1, 2, 0644},
    Subject{"docker.socket", 3, 4, 0644},
    Subject{"/etc/docker", 5, 6, 0755},
    Subject{"registry certificates", 7, 8, 0444},
    Subject{"tls ca", 9, 10, 0444},
    Subject{"tls certificate", 11, 12, 0444},
    Subject{"tls key", 13, 14, 0400},
    Subject{"engine socket", 15, 16, 0660},
    Subject{"daemon.json", 17, 18, 0644},
    Subject{"/etc/default/docker", 19, 20, 0644},
    Subject{"/etc/sysconfig/docker", 22, 21, 0644},
    Subject{"containerd socket", 23, 24, 0660},
};

std::string octal(std::uint32_t mode) {
  FileSeen file;
  file.mode = mode;
  return describe(file).substr(0, 4);
}

// The group that dockerd gives its socket to.
std::string socket_group(const Observation& seen) {
  const Json* group = find(seen.engine.settings, "/group");
  return group != nullptr && group->is_string() ? group->get<std::string>() : "docker";
}

struct Examined {
  std::vector<FileSeen> files;  // those that are there
  std::vector<std::string> unseen;
  std::string missing;
};

Examined examined(const Observation& seen, const Subject& subject) {
  std::vector<FileSeen> candidates;
  if (subject.name == "registry certificates") {
    candidates = seen.engine.registry_certificates;
  } else if (subject.name == "engine socket") {
    candidates = seen.engine.sockets;
  } else if (const auto found = seen.engine.files.find(std::string(subject.name));
             found != seen.engine.files.end()) {
    candidates = {found->second};
  }
  Examined result;
  for (FileSeen& file : candidates) {
    if (file.sight == Sight::seen) {
      result.files.push_back(std::move(file));
    } else if (file.sight == Sight::missing) {
      result.missing = why_unseen(file);
    } else {
      result.unseen.push_back(why_unseen(file));
    }
  }
  if (result.missing.empty()) result.missing = "no " + std::string(subject.name);
  return result;
}

Judgement judge_owner(const Observation& seen, const Subject& subject, const Examined& found) {
  const bool socket = subject.name == "engine socket";
  const std::string group = socket ? socket_group(seen) : "root";
  std::vector<std::string> wrong;
  std::string remedy;
  bool others = false;
  for (const FileSeen& file : found.files) {
    // root:root is stricter than root:docker.
    const bool right = file.owner == 0 && (file.group == 0 || file.group_name == group);
    if (right) continue;
    others = others || file.owner != 0;
    wrong.push_back(file.path + " belongs to " + file.owner_name + ':' + file.group_name);
    remedy += (remedy.empty() ? "" : " && ") + ("chown root:" + group + ' ' + file.path);
  }
  if (wrong.empty())
    return {Verdict::ok, found.files.front().path + ' ' + describe(found.files.front()), ""};
  // An owner can write whatever the mode says.
  return {others ? Verdict::fail : Verdict::warn, joined(wrong), std::move(remedy)};
}

Judgement judge_mode(const Subject& subject, const Examined& found) {
  std::vector<std::string> wrong;
  std::string remedy;
  bool open = false;
  for (const FileSeen& file : found.files) {
    const std::uint32_t excess = file.mode & 0777 & ~subject.most;
    if (excess == 0) continue;
    open = open || (excess & 0022) != 0;
    wrong.push_back(file.path + " is " + octal(file.mode) + ", at most " + octal(subject.most));
    remedy += (remedy.empty() ? "" : " && ") +
              ("chmod " + octal(file.mode & subject.most) + ' ' + file.path);
  }
  if (wrong.empty())
    return {Verdict::ok, found.files.front().path + ' ' + describe(found.files.front()), ""};
  return {open ? Verdict::fail : Verdict::warn,
          joined(wrong) + (open ? ": others than root can write it" : ""), std::move(remedy)};
}

void add(Findings& findings, int item, const std::string& title, Judgement judgement) {
  const std::string number = "3." + std::to_string(item);
  findings.push_back(finding_of("cis/" + number, title, std::move(judgement)));
  findings.back().reference = "CIS " + number;
}

}  // namespace

Findings judge_files(const Observation& seen) {
  Findings findings;
  if (!seen.engine.present) return findings;
  for (const Subject& subject : kSubjects) {
    const Examined found = examined(seen, subject);
    const std::string name(subject.name);
    Judgement owner;
    Judgement mode;
    if (!found.files.empty()) {
      owner = judge_owner(seen, subject, found);
      mode = judge_mode(subject, found);
    } else if (found.unseen.empty()) {
      owner = mode = {Verdict::not_applicable, found.missing, ""};
    }
    // Of several that are alike, one that was not seen leaves the question open.
    for (Judgement* one : {&owner, &mode}) {
      if (found.unseen.empty() || one->verdict == Verdict::fail || one->verdict == Verdict::warn)
        continue;
      *one = {Verdict::unknown, joined(found.unseen), ""};
    }
    // In one case the benchmark has the mode first.
    const bool owner_first = subject.owner_item < subject.mode_item;
    if (owner_first) add(findings, subject.owner_item, "owner of " + name, owner);
    add(findings, subject.mode_item, "mode of " + name, mode);
    if (!owner_first) add(findings, subject.owner_item, "owner of " + name, owner);
  }
  return findings;
}

}  // namespace hardened
