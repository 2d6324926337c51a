// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

// What an image has unless it says otherwise, for a rootfs that nobody can look at.
constexpr std::array<std::string_view, 6> kOrdinary{"/tmp",  "/run",  "/var",
                                                    "/home", "/root", "/srv"};

struct StateDirectory {
  std::string path;
  bool noexec;
};

// Where the document's mounts land.
std::vector<std::string> destinations(const Json& document, const Facts& facts) {
  std::vector<std::string> found;
  for (const Json& mount : find_array(document, "/mounts")) {
    found.push_back(mount_places(mount, facts).front());
  }
  return found;
}

bool exists(const std::string& path, const RootFact& root) {
  if (root.sight == Sight::unseen) {
    return std::find(kOrdinary.begin(), kOrdinary.end(), path) != kOrdinary.end();
  }
  // The image is attacker-influenced: its /var could be a link to the host's /etc, so links do not
  // count.
  return std::find(root.directories.begin(), root.directories.end(), path) !=
         root.directories.end();
}

bool covered(const std::string& path, const std::vector<std::string>& trees) {
  return std::any_of(trees.begin(), trees.end(),
                     [&](const std::string& tree) { return at_or_below(path, tree); });
}

// Those of the policy's directories that are there, are not mounted over by the document, and do
// not lie in each other.
std::vector<StateDirectory> state_directories(const Json& document, const RuleInput& input) {
  std::vector<StateDirectory> chosen;
  std::vector<std::string> taken = destinations(document, input.facts);
  for (const Json& entry : find_array(input.settings, "/directories")) {
    const std::string path = normal_path(find_string(entry, "/path").value_or(""));
    if (path == "/" || climbs(path) || covered(path, taken) || !exists(path, input.facts.root))
      continue;
    chosen.push_back({path, find_boolean(entry, "/noexec").value_or(true)});
    taken.push_back(path);
  }
  return chosen;
}

// Before everything that the user mounts, or it would hide their mounts; after the runtime's own
// file systems.
std::size_t place(const Json& document, const Facts& facts) {
  const std::vector<std::string> all = destinations(document, facts);
  const auto first = std::find_if(all.begin(), all.end(), [](const std::string& path) {
    return !at_or_below(path, "/proc") && !at_or_below(path, "/dev") && !at_or_below(path, "/sys");
  });
  return static_cast<std::size_t>(first - all.begin());
}

Json in_rootfs(const StateDirectory& directory, const std::string& root) {
  Json options{"bind", "nosuid", "nodev", "rprivate"};
  if (directory.noexec) options.push_back("noexec");
  return Json::object({{"destination", directory.path},
                       {"type", "bind"},
                       {"source", path_below(root, directory.path)},
                       {"options", options}});
}

// Of the others the image's own mode, which the runtime takes where none is given.
std::string mode_of(const std::string& path) {
  if (path == "/tmp" || path == "/var/tmp") return "mode=1777";
  if (path == "/root") return "mode=0700";
  return path == "/run" ? "mode=0755" : "";
}

Json in_memory(const StateDirectory& directory) {
  Json options{"nosuid", "nodev"};
  if (const std::string mode = mode_of(directory.path); !mode.empty()) options.push_back(mode);
  if (directory.noexec) options.push_back("noexec");
  return Json::object({{"destination", directory.path},
                       {"type", "tmpfs"},
                       {"source", "tmpfs"},
                       {"options", options}});
}

// The canonical name, under which the directories were looked at; the document's where nobody could
// look.
std::string root_path(const Json& document, const RootFact& root) {
  if (root.sight == Sight::seen) return root.path;
  return normal_path(find_string(document, "/root/path").value_or(""));
}

void apply(Draft& draft, const RuleInput& input) {
  // Read-only already: the author wants no writable directory, or brings them.
  if (find_boolean(draft.document(), "/root/readonly").value_or(false)) return;
  const RootFact& root = input.facts.root;
  const std::string path = root_path(draft.document(), root);
  if (root.sight == Sight::unseen) draft.unverified("the state directories of the rootfs " + path);
  draft.set("/root/readonly", true,
            "code that cannot be replaced cannot be replaced by an intruder");
  if (find(draft.document(), "/mounts") == nullptr) {
    draft.set("/mounts", Json::array(), "state directories");
  }
  const bool memory = find_string(input.settings, "/store").value_or("rootfs") == "memory";
  std::size_t index = place(draft.document(), input.facts);
  for (const StateDirectory& directory : state_directories(draft.document(), input)) {
    draft.insert("/mounts", index++, memory ? in_memory(directory) : in_rootfs(directory, path),
                 memory ? "state in memory stays writable"
                        : "state stays writable, in the container's own rootfs");
  }
}

}  // namespace

extern const Rule read_only_rootfs_rule;
const Rule read_only_rootfs_rule{"read-only-rootfs", "programs dropped or replaced by an intruder",
                                 "CIS 5.13", apply, "directories"};

}  // namespace hardened
