// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_sources.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

constexpr std::string_view kAllowedSources = "rules.mounts.allowed_sources";
constexpr std::string_view kMode = "rules.mounts.mode";

// Windows into the kernel: wherever they are mounted, they are the host's.
constexpr std::array<std::string_view, 20> kKernelFileSystems{
    "proc",    "sysfs",      "devtmpfs",  "devpts",  "cgroup",   "cgroup2", "debugfs",
    "tracefs", "securityfs", "configfs",  "bpf",     "efivarfs", "pstore",  "binfmt_misc",
    "nsfs",    "rpc_pipefs", "selinuxfs", "smackfs", "fusectl",  "autofs"};

constexpr std::array<std::string_view, 7> kEngineSockets{
    "docker.sock",     "containerd.sock",  "crio.sock",     "podman.sock",
    "dockershim.sock", "cri-dockerd.sock", "buildkitd.sock"};

constexpr std::array<std::string_view, 6> kHarmlessNodes{"/dev/null",   "/dev/zero",    "/dev/full",
                                                         "/dev/random", "/dev/urandom", "/dev/tty"};

constexpr std::array<std::string_view, 5> kInitPrograms{"docker-init", "catatonit", "tini",
                                                        "tini-static", "dumb-init"};

template <typename List>
bool holds(const List& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

std::vector<std::string> normal_paths(const Json& settings, std::string_view pointer) {
  std::vector<std::string> paths = find_strings(settings, pointer);
  for (std::string& path : paths) path = normal_path(path);
  return paths;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// /var/run is a link to /run on every current system: for sources that nobody can look at.
std::string well_known(const std::string& path) {
  return at_or_below(path, "/var/run") ? path.substr(4) : path;
}

// Likewise for what a policy names: sources are judged by where they lie.
std::vector<std::string> well_known(std::vector<std::string> paths) {
  for (std::string& path : paths) path = well_known(path);
  return paths;
}

bool same_device(const Location& one, const Location& other) {
  return !one.device.empty() && one.device == other.device;
}

// What is at, above or (a tree) below a sensitive place reaches it.
bool reaches(std::string_view path, std::string_view sensitive, bool tree) {
  return at_or_below(sensitive, path) || (tree && at_or_below(path, sensitive));
}

bool is_same_file(const FileIdentity& one, const FileIdentity& other) {
  return one == other && one.inode != 0;
}

std::string reference_of(std::string_view path) {
  if (is_engine_socket(path)) return "CIS 5.32";
  for (const std::string_view engine : {"docker", "containerd", "containers", "crio", "podman"}) {
    if (path.find(engine) != path.npos && path.starts_with("/run")) return "CIS 5.32";
  }
  return "";
}

}  // namespace

bool is_engine_socket(std::string_view path) { return holds(kEngineSockets, last_part(path)); }

SourceJudge::SourceJudge(const Json& document, const RuleInput& input)
    : root_text_(normal_path(find_string(document, "/root/path").value_or(""))),
      root_(input.facts.root),
      facts_(input.facts),
      places_(engine_places(document, input.facts, input.id)),
      allowed_(well_known(normal_paths(input.settings, "/allowed_sources"))),
      public_(normal_paths(input.settings, "/allowed_read_only")),
      devices_(permitted_devices(input.profile.settings("devices"))),
      only_allowed_(find_boolean(input.settings, "/only_allowed_sources").value_or(false)) {
  const std::vector<std::string> exact = normal_paths(input.settings, "/denied_paths");
  for (const std::string& path : exact) sensitive_.push_back({{path, {}, {}}, false});
  for (const SensitivePath& place : input.facts.host.sensitive) {
    sensitive_.push_back({place, !holds(exact, place.path)});
  }
  for (const std::string& tree : normal_paths(input.settings, "/denied_trees")) {
    sensitive_.push_back({{tree, {}, {}}, true});
  }
  for (const std::string& root : places_.data_roots) sensitive_.push_back({{root, {}, {}}, true});
  for (Sensitive& sensitive : sensitive_) sensitive.allowed = allows(sensitive.place);
}

// Who allows /usr allows what /bin is a link to.
bool SourceJudge::allows(const SensitivePath& place) const {
  return std::any_of(sensitive_.begin(), sensitive_.end(), [&](const Sensitive& other) {
    const bool same = other.place.path == place.path ||
                      (same_device(place.location, other.place.location) &&
                       at_or_below(place.location.path, other.place.location.path));
    return same && std::any_of(allowed_.begin(), allowed_.end(), [&](const std::string& root) {
             return at_or_below(other.place.path, root);
           });
  });
}

SourceVerdict SourceJudge::judge(const BindRequest& request) const {
  SourceVerdict verdict;
  const auto found = facts_.sources.find(request.source);
  SourceFact source = found == facts_.sources.end() ? SourceFact{} : found->second;
  if (source.sight != Sight::seen) {
    source.path = well_known(normal_path(request.source));
    verdict.unverified = source.sight == Sight::unseen;
    // Links decide where ".." leads, and nobody could look.
    if (climbs(request.source)) {
      verdict.objections.push_back(
          {"a source by a name with \"..\" in it", std::string(kMode), ""});
    }
  }
  judge_one(source, request, verdict);
  if (request.recursive) judge_submounts(source, request, verdict);
  return verdict;
}

void SourceJudge::judge_submounts(const SourceFact& source, const BindRequest& request,
                                  SourceVerdict& verdict) const {
  for (const SourceFact& submount : source.submounts) {
    verdict.submounts = true;
    BindRequest below = request;
    below.source = submount.path;
    if (at_or_below(submount.path, source.path)) {
      const std::string rest = submount.path.substr(source.path == "/" ? 0 : source.path.size());
      below.destination = path_below(request.destination, rest);
    }
    // A device node or an init binary is the bind itself, never something below it.
    SourceVerdict inner;
    judge_one(submount, below, inner);
    if (inner.device_node)
      inner.objections.push_back({"the device " + submount.path, std::string(kMode), ""});
    for (Objection& objection : inner.objections)
      verdict.objections.push_back(std::move(objection));
    judge_submounts(submount, below, verdict);
  }
}

void SourceJudge::judge_one(const SourceFact& source, const BindRequest& request,
                            SourceVerdict& verdict) const {
  if (is_device(source, verdict)) return;
  const auto object = [&](std::string asked, std::string reference) {
    verdict.objections.push_back(
        {std::move(asked), std::string(kAllowedSources), std::move(reference)});
  };
  const Exception exception = exception_for(source, request, verdict);
  const bool allowed = is_allowed(source);
  for (const Sensitive& sensitive : sensitive_) {
    if (excused(sensitive, source, exception)) continue;
    const std::string alias = source.path == request.source ? "" : " (" + source.path + ")";
    const std::string reached =
        source.path == sensitive.place.path ? "" : ", which reaches " + sensitive.place.path;
    object("the host's " + request.source + alias + reached, reference_of(sensitive.place.path));
    return;
  }
  if (holds(kKernelFileSystems, source.file_system) && !allowed) {
    object("a " + source.file_system + " file system of the host, " + request.source, "");
  } else if (is_engine_socket(source.path) && !allowed) {
    object("an engine's socket, " + request.source, "CIS 5.32");
  } else if (only_allowed_ && !allowed && !exception.any && !exception.end) {
    // A relative one is the bundle's, wherever that lies.
    const bool known = source.path.starts_with('/');
    verdict.objections.push_back(
        {request.source + " of the host, outside the roots that the policy allows",
         std::string(known ? kAllowedSources : "rules.mounts.only_allowed_sources"), ""});
  }
}

bool SourceJudge::is_device(const SourceFact& source, SourceVerdict& verdict) const {
  if (source.sight != Sight::seen && holds(kHarmlessNodes, source.path))
    return verdict.device_node = true;
  if (source.kind != FileKind::character && source.kind != FileKind::block) return false;
  const DeviceAccess device{source.kind == FileKind::block ? 'b' : 'c', source.major, source.minor,
                            "rw"};
  if (within(device, devices_)) {
    verdict.device_node = true;
  } else {
    verdict.objections.push_back({"the device " + source.path + " (" + describe(device) + ")",
                                  "rules.devices.allowed", "CIS 5.18"});
  }
  return true;
}

SourceJudge::Exception SourceJudge::exception_for(const SourceFact& source,
                                                  const BindRequest& request,
                                                  SourceVerdict& verdict) const {
  if (is_own(source, request)) {
    verdict.own = true;
    return {.any = true, .end = std::nullopt};
  }
  if (is_init(source, request)) {
    verdict.init = true;
    return {.any = true, .end = std::nullopt};
  }
  if (is_public(source, request)) return {.any = true, .end = std::nullopt};
  if (std::optional<std::string> end = image(source, request)) {
    return {.any = false, .end = std::move(end)};
  }
  std::optional<std::string> end = engine_file(source.path, request.destination, places_);
  verdict.engine = end.has_value();
  verdict.secret = end && is_engine_secret(*end);
  return {.any = false, .end = std::move(end)};
}

// A directory of the container's own rootfs on itself gives nothing that the container does not
// have.
bool SourceJudge::is_own(const SourceFact& source, const BindRequest& request) const {
  return is_own_rootfs(source, request.destination, root_, root_text_);
}

// What every user of the host may run and read, and root alone can change.
bool SourceJudge::is_init(const SourceFact& source, const BindRequest& request) {
  const bool place = request.destination == "/sbin/docker-init" ||
                     request.destination == "/run/podman-init" ||
                     request.destination == "/dev/init";
  if (!place || !request.read_only || !holds(kInitPrograms, last_part(source.path))) return false;
  constexpr std::uint32_t kReadAndRun = 05;
  return source.sight != Sight::seen ||
         (source.kind == FileKind::regular && source.owner == 0 && !source.replaceable &&
          (source.mode & kReadAndRun) == kReadAndRun);
}

bool SourceJudge::is_public(const SourceFact& source, const BindRequest& request) const {
  return request.read_only &&
         std::any_of(public_.begin(), public_.end(),
                     [&](const std::string& path) { return at_or_below(source.path, path); });
}

// The place is that of a container's rootfs too: only where nobody has written, and without what
// will be written later, for of such a source the layers below are mounted (mount_operations).
std::optional<std::string> SourceJudge::image(const SourceFact& source,
                                              const BindRequest& request) const {
  const bool looked = source.sight != Sight::unseen;
  if (!request.read_only || (looked && !source.untouched)) return std::nullopt;
  return engine_image(source.path, places_);
}

bool SourceJudge::is_allowed(const SourceFact& source) const {
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const std::string& root) { return at_or_below(source.path, root); });
}

bool SourceJudge::excused(const Sensitive& sensitive, const SourceFact& source,
                          const Exception& exception) const {
  const SensitivePath& place = sensitive.place;
  const bool by_name = reaches(source.path, place.path, sensitive.tree);
  const bool by_location = same_device(source.location, place.location) &&
                           reaches(source.location.path, place.location.path, sensitive.tree);
  const bool by_identity = is_same_file(source.identity, place.identity);
  if ((!by_name && !by_location && !by_identity) || exception.any) return true;
  // The policy allows a place by its own name, not whatever else is mounted there.
  if (sensitive.allowed || (by_name && is_allowed(source))) return true;
  // A volume's _data can be a bind of /etc: its name lies in the engine's storage, its location
  // must as well.
  return exception.end && !by_identity &&
         (!by_location || lies_within_engine(source.location, *exception.end, places_));
}

}  // namespace hardened
