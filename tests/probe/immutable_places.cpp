// SPDX-License-Identifier: Apache-2.0
// Writing where an image's code lies, and anywhere but in the places that are for state.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "files.hpp"
#include "places.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "writes outside state directories";

// The state directories of the profile that has most of them, the engine's own mounts and the
// volume of this run.
constexpr std::string_view kState[] = {"/tmp",  "/run", "/var", "/home",
                                       "/root", "/srv", "/dev", kBind};

bool below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

bool for_state(std::string_view path) {
  return std::any_of(std::begin(kState), std::end(kState),
                     [&](std::string_view directory) { return below(path, directory); });
}

// Each mount of this container that is not for state.
Outcome any_other_mount() {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string reached;
  int seen = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string place;
    for (int word = 0; word < 5; ++word) words >> place;
    if (for_state(place)) continue;
    ++seen;
    if (makes_files(place).result == Result::reached) reached += place + ' ';
  }
  if (seen == 0) return {Result::unable, 0};
  return {reached.empty() ? Result::denied : Result::reached, 0, reached};
}

}  // namespace

void add_immutable_places(Attempts& attempts) {
  for (const char* place :
       {"/", "/bin", "/etc", "/lib", "/opt", "/sbin", "/usr", "/usr/bin", "/usr/sbin"}) {
    attempts.push_back(
        {std::string("make.") + place, kGroup, [place] { return makes_files(place); }});
  }
  for (const char* file : {"/etc/passwd", "/usr/bin/marker"}) {
    attempts.push_back({std::string("change.") + file, kGroup, [file] { return writable(file); }});
  }
  attempts.push_back({"make.any-other-mount", kGroup, any_other_mount});
}

}  // namespace hardened::probe
