// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_sources.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

using Parts = std::span<const std::string>;

// How a storage driver's rootfs ends, from the data root on; "*" is a name.
const std::vector<std::vector<std::string_view>>& rootfs_shapes() {
  static const std::vector<std::vector<std::string_view>> kShapes{
      {"overlay2", "*", "merged"},
      {"overlay", "*", "merged"},
      {"fuse-overlayfs", "*", "merged"},
      {"vfs", "dir", "*"},
      {"btrfs", "subvolumes", "*"},
      {"zfs", "graph", "*"},
      {"devicemapper", "mnt", "*", "rootfs"},
      // Docker with containerd's image store, by snapshotter.
      {"rootfs", "overlayfs", "*"},
      {"rootfs", "fuse-overlayfs", "*"},
      {"rootfs", "native", "*"},
      {"rootfs", "btrfs", "*"},
      {"rootfs", "zfs", "*"},
      {"rootfs", "erofs", "*"}};
  return kShapes;
}

// What an engine binds from a container's own directory, and where to.
const std::map<std::string, std::string, std::less<>>& per_container_files() {
  static const std::map<std::string, std::string, std::less<>> kFiles{
      {"resolv.conf", "/etc/resolv.conf"},
      {"hostname", "/etc/hostname"},
      {"hosts", "/etc/hosts"},
      {"shm", "/dev/shm"},
      {"passwd", "/etc/passwd"},
      {"group", "/etc/group"},
      {"localtime", "/etc/localtime"},
      {".containerenv", "/run/.containerenv"}};
  return kFiles;
}

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_container_id(std::string_view text) { return is_hex(text, 64); }

// 8-4-4-4-12 digits, or the 32 of a static pod.
bool is_pod_uid(std::string text) {
  const bool dashed = text.size() == 36;
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  return is_hex(text, 32) && (dashed || text.size() == 32);
}

std::string path_of(Parts parts) {
  std::string path;
  for (const std::string& part : parts) path += '/' + part;
  return path;
}

std::optional<std::string> data_root(const std::string& root) {
  const std::vector<std::string> parts = path_components(root);
  for (const auto& shape : rootfs_shapes()) {
    if (!root.starts_with('/') || parts.size() <= shape.size()) continue;
    const Parts end = Parts(parts).last(shape.size());
    const bool fits = std::equal(
        shape.begin(), shape.end(), end.begin(),
        [](std::string_view want, const std::string& have) { return want == "*" || want == have; });
    if (fits) return path_of(Parts(parts).first(parts.size() - shape.size()));
  }
  return std::nullopt;
}

bool at_its_place(std::string_view file, std::string_view destination) {
  const auto found = per_container_files().find(file);
  return found != per_container_files().end() && found->second == destination;
}

bool is_own(std::string_view id, const EnginePlaces& places) {
  return places.id.empty() || places.id == id;
}

// A directory of a volume, which Docker 26 mounts there so that no link in the volume leads it
// astray (volume-subpath).
bool is_part_of_volume(Parts parts) {
  return parts.size() == 2 && parts[0] == "tmp" && parts[1].starts_with("safe-mount");
}

// .../volumes/<name>/_data/...
bool lies_in_volume(const std::string& path) {
  const std::vector<std::string> parts = path_components(path);
  for (std::size_t at = 0; at + 2 < parts.size(); ++at) {
    if (parts[at] == "volumes" && parts[at + 2] == "_data") return true;
  }
  return false;
}

// containers/<id>/hosts, containers/<id>/mounts/..., volumes/<name>/_data/...
bool is_docker_file(Parts parts, std::string_view destination, const EnginePlaces& places) {
  if (is_part_of_volume(parts)) return true;
  if (parts.size() >= 3 && parts[0] == "volumes") return parts[2] == "_data";
  if (parts.size() < 3 || parts[0] != "containers" || !is_container_id(parts[1])) return false;
  // `--ipc container:X` and `--network container:X` take X's shm and hosts: those, and only there.
  if (parts.size() == 3) return parts[2] != "shm" && at_its_place(parts[2], destination);
  if (parts.size() == 4 && parts[2] == "mounts" && parts[3] == "shm" && destination == "/dev/shm")
    return true;
  // Secrets and configs are the container's own or nobody's.
  return parts[2] == "mounts" && is_own(parts[1], places);
}

// <driver>-containers/<id>/userdata/<file>. config.json lies there too: the bundle itself.
bool is_userdata(Parts parts, std::string_view destination, const EnginePlaces& places) {
  if (parts.size() < 4 || !parts[0].ends_with("-containers") || !is_container_id(parts[1]) ||
      parts[2] != "userdata") {
    return false;
  }
  if (parts.size() == 4 && at_its_place(parts[3], destination)) return true;
  const bool tree = parts[3] == "run" || parts[3] == "secrets" || parts[3] == "notify";
  return tree && is_own(parts[1], places);
}

bool is_userdata_home(const std::string& path, const EnginePlaces& places) {
  const std::vector<std::string> parts = path_components(path);
  const bool rootless = parts.size() == 4 && parts[0] == "run" && parts[1] == "user" &&
                        parts[3] == "containers" &&
                        parts[2].find_first_not_of("0123456789") == std::string::npos;
  const auto& roots = places.data_roots;
  return rootless || path == "/run/containers/storage" || path == "/var/lib/containers/storage" ||
         std::find(roots.begin(), roots.end(), path) != roots.end();
}

// sandboxes/<id>/hosts, and containers/<id>/volumes/<name>, which an image declares.
bool is_cri_file(Parts parts, std::string_view destination, const EnginePlaces& places) {
  const bool cri = parts.size() >= 4 && (parts[0] == "io.containerd.grpc.v1.cri" ||
                                         parts[0] == "io.containerd.cri.v1.runtime");
  if (!cri || !is_container_id(parts[2])) return false;
  if (parts[1] == "sandboxes") return parts.size() == 4 && at_its_place(parts[3], destination);
  return parts.size() >= 5 && parts[1] == "containers" && parts[3] == "volumes" &&
         is_own(parts[2], places);
}

// /var/lib/kubelet/pods/<uid>/..., of one pod only: another's volumes hold its service account
// token.
bool is_pod_file(Parts parts, const EnginePlaces& places) {
  constexpr std::array<std::string_view, 4> kKinds{"volumes", "volume-subpaths", "etc-hosts",
                                                   "containers"};
  return parts.size() >= 6 && parts[0] == "var" && parts[1] == "lib" && parts[2] == "kubelet" &&
         parts[3] == "pods" && is_pod_uid(parts[4]) && parts[4] == places.pod &&
         std::find(kKinds.begin(), kKinds.end(), parts[5]) != kKinds.end();
}

// The uid that kubelet's own mount tells (/etc/hosts comes before what a pod's author asks for),
// else the first.
std::string pod_of(const Json& document) {
  std::string pod;
  for (const Json& mount : find_array(document, "/mounts")) {
    const std::vector<std::string> parts =
        path_components(find_string(mount, "/source").value_or(""));
    if (parts.size() < 6 || path_of(Parts(parts).first(4)) != "/var/lib/kubelet/pods") continue;
    const std::string destination = normal_path(find_string(mount, "/destination").value_or(""));
    if (destination == "/etc/hosts" && parts[5] == "etc-hosts") return parts[4];
    if (pod.empty()) pod = parts[4];
  }
  return pod;
}

}  // namespace

EnginePlaces engine_places(const Json& document, const Facts& facts, std::string_view id) {
  EnginePlaces places{.data_roots = {}, .id = std::string(id), .pod = pod_of(document)};
  const std::string text = find_string(document, "/root/path").value_or("");
  const std::string path = facts.root.sight == Sight::seen ? facts.root.path : normal_path(text);
  if (const auto root = data_root(path); root && !climbs(path)) places.data_roots.push_back(*root);
  return places;
}

std::optional<std::string> engine_file(const std::string& path, const std::string& destination,
                                       const EnginePlaces& places) {
  const std::vector<std::string> parts = path_components(path);
  for (std::size_t at = 0; at < parts.size(); ++at) {
    const Parts rest = Parts(parts).subspan(at);
    const std::string home = path_of(Parts(parts).first(at));
    const auto& roots = places.data_roots;
    const bool in_root = std::find(roots.begin(), roots.end(), home) != roots.end();
    if ((in_root && is_docker_file(rest, destination, places)) ||
        (is_userdata_home(home, places) && is_userdata(rest, destination, places)) ||
        is_cri_file(rest, destination, places) || (at == 0 && is_pod_file(rest, places))) {
      return path_of(at == 0 ? rest.subspan(3) : rest);
    }
  }
  return std::nullopt;
}

bool is_engine_secret(const std::string& end) {
  const std::vector<std::string> parts = path_components(end);
  if (parts.size() < 4) return false;
  return (parts[0] == "containers" && parts[2] == "mounts" && parts[3] != "shm") ||
         (parts.size() >= 5 && parts[2] == "userdata" && parts[3] == "secrets");
}

std::optional<std::string> engine_image(const std::string& path, const EnginePlaces& places) {
  const std::optional<std::string> root = data_root(path);
  const auto& roots = places.data_roots;
  if (!root || std::find(roots.begin(), roots.end(), *root) == roots.end()) return std::nullopt;
  return path.substr(root->size());
}

bool lies_within_engine(const Location& location, const std::string& end,
                        const EnginePlaces& places) {
  if (location.path.ends_with(end)) return true;
  if (is_part_of_volume(path_components(end))) return lies_in_volume(location.path);
  // A subPath is a bind of a directory inside one of the pod's own volumes.
  const std::string volumes = "/pods/" + places.pod + "/volumes/";
  return end.starts_with("/pods/" + places.pod + "/volume-subpaths/") && !places.pod.empty() &&
         location.path.find(volumes) != std::string::npos;
}

}  // namespace hardened
