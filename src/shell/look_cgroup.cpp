// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "hardened/core/text.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestList = 16U << 20;

// systemd's nesting: "a-b.slice" is /a.slice/a-b.slice.
std::string place_of_slice(const std::string& slice) {
  std::string place;
  if (slice == "-.slice") return place;
  for (std::size_t dash = slice.find('-'); dash != std::string::npos;
       dash = slice.find('-', dash + 1)) {
    place += "/" + slice.substr(0, dash) + ".slice";
  }
  return place + "/" + slice;
}

// The wrapper's own cgroups, "/" left out: where runc puts a relative path below, or beside.
std::set<std::string> own_cgroups(const std::string& text) {
  std::set<std::string> own{""};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t path = line.find(":/");
    if (path == std::string::npos) continue;
    const std::string cgroup = line.substr(path + 1);
    own.insert(cgroup == "/" ? "" : cgroup);
    own.insert(cgroup.substr(0, cgroup.rfind('/')));
  }
  return own;
}

// A cgroup that the path may stand for: below `base`, which is not the container's concern.
struct Reading {
  std::string base;
  std::string path;
};

// Which driver reads the path is the runtime's affair, so each reading is looked at.
std::vector<Reading> readings_of(const std::string& path, const std::set<std::string>& own) {
  std::vector<Reading> readings;
  for (const std::string& base : own) {
    if (base.empty() || !path.starts_with('/')) readings.push_back({base, path});
  }
  const std::vector<std::string> parts = split(path, ':');
  if (parts.size() == 3) {
    const std::string unit = (parts[1].empty() ? "" : parts[1] + "-") + parts[2] + ".scope";
    for (const std::string slice : {"system.slice", "user.slice"}) {
      readings.push_back({"", place_of_slice(parts[0].empty() ? slice : parts[0]) + "/" + unit});
    }
  }
  return readings;
}

}  // namespace

bool Looker::has_processes(int cgroup) {
  const std::optional<Descriptor> file =
      open(cgroup, "cgroup.procs", O_RDONLY, Walk::beneath_no_links);
  return file && !kernel_.read_all(file->number(), kLongestList).empty();
}

void Looker::look_at_cgroup(int hierarchy, const std::string& base, const std::string& path,
                            CgroupFact& fact) {
  std::string place = base;
  const std::vector<std::string> parts = split(path, '/');
  const auto named = [](const std::string& part) { return !part.empty() && part != "."; };
  const auto last = std::find_if(parts.rbegin(), parts.rend(), named).base();
  for (auto part = parts.begin(); part != last; ++part) {
    if (!named(*part)) continue;
    place += "/" + *part;
    const std::optional<Descriptor> cgroup =
        open(hierarchy, place.substr(1), O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
    if (!cgroup) return;
    const bool processes = has_processes(cgroup->number());
    if (part + 1 == last) {
      // Two links are its own; kernfs counts one more for each cgroup below.
      fact.occupied |= processes || kernel_.status(cgroup->number()).st_nlink > 2;
    } else if (!part->ends_with(".slice")) {
      // On cgroup v1 systemd leaves services in slices where no controller is asked for.
      fact.parent_occupied |= processes;
    }
  }
}

CgroupFact Looker::cgroup(const std::string& path, const std::string& root) {
  CgroupFact fact;
  const std::vector<std::string> parts = split(path, '/');
  // No place of its own that could be looked at; the rule refuses it by its text.
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) return fact;
  const std::optional<Descriptor> top =
      open(kWorkingDirectory, root, O_RDONLY | O_DIRECTORY, Walk::follow);
  if (!top) return fact;
  std::vector<std::string> hierarchies{"."};
  // cgroup v2: the top is the hierarchy. v1: each directory of it is one.
  if (!open(top->number(), "cgroup.procs", O_PATH, Walk::beneath_no_links)) {
    hierarchies = kernel_.list(top->number());
  }
  const std::set<std::string> own = own_cgroups(read("/proc/self/cgroup").value_or(""));
  for (const std::string& name : hierarchies) {
    const std::optional<Descriptor> hierarchy =
        open(top->number(), name, O_RDONLY | O_DIRECTORY, Walk::follow);
    if (!hierarchy) continue;
    for (const Reading& reading : readings_of(path, own)) {
      look_at_cgroup(hierarchy->number(), reading.base, reading.path, fact);
    }
  }
  fact.sight = Sight::seen;
  return fact;
}

}  // namespace hardened
