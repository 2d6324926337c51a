// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <set>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestList = 16U << 20;

constexpr std::string_view kNativeArchitecture =
#if defined(__x86_64__)
    "SCMP_ARCH_X86_64";
#elif defined(__aarch64__)
    "SCMP_ARCH_AARCH64";
#elif defined(__riscv) && __riscv_xlen == 64
    "SCMP_ARCH_RISCV64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    "SCMP_ARCH_PPC64LE";
#elif defined(__s390x__)
    "SCMP_ARCH_S390X";
#elif defined(__arm__)
    "SCMP_ARCH_ARM";
#elif defined(__i386__)
    "SCMP_ARCH_X86";
#else
#error "the seccomp name of this architecture is not known"
#endif

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// "MemTotal:       16336000 kB" among others.
std::uint64_t total_memory(const std::string& meminfo) {
  std::istringstream lines(meminfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (fields >> name >> kibibytes && name == "MemTotal:") return kibibytes * 1024;
  }
  throw Error(ErrorKind::unsupported, "/proc/meminfo tells no MemTotal");
}

// "Max open files            1024                 524288               files": our own, which what
// we become hands on.
std::map<std::string, ResourceLimit> own_limits(const std::string& limits) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames{
      {{"Max core file size", "RLIMIT_CORE"},
       {"Max open files", "RLIMIT_NOFILE"},
       {"Max processes", "RLIMIT_NPROC"},
       {"Max realtime priority", "RLIMIT_RTPRIO"},
       {"Max nice priority", "RLIMIT_NICE"},
       {"Max locked memory", "RLIMIT_MEMLOCK"},
       {"Max msgqueue size", "RLIMIT_MSGQUEUE"},
       {"Max pending signals", "RLIMIT_SIGPENDING"}}};
  const auto number = [](const std::string& word) {
    return word == "unlimited" ? std::numeric_limits<std::uint64_t>::max() : std::stoull(word);
  };
  std::map<std::string, ResourceLimit> found;
  std::istringstream lines(limits);
  for (std::string line; std::getline(lines, line);) {
    for (const auto& [title, type] : kNames) {
      if (!line.starts_with(title)) continue;
      std::istringstream fields(line.substr(title.size()));
      std::string soft;
      std::string hard;
      if (fields >> soft >> hard) found[std::string(type)] = {number(soft), number(hard)};
    }
  }
  // A rule that does not know them would have to guess, and raise them.
  if (found.size() != kNames.size()) {
    throw Error(ErrorKind::unsupported, "/proc/self/limits does not tell every limit");
  }
  return found;
}

// "0-3,8" is 5.
std::uint32_t count_cpus(const std::string& online) {
  std::uint32_t count = 0;
  std::istringstream ranges(online);
  for (std::string range; std::getline(ranges, range, ',');) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    const char* end = range.data() + range.size();
    const auto begun = std::from_chars(range.data(), end, first);
    last = first;
    if (begun.ptr != end && *begun.ptr == '-') std::from_chars(begun.ptr + 1, end, last);
    count += last - first + 1;
  }
  return count == 0 ? 1 : count;
}

// "docker-default (enforce)" per line. A profile that only complains, or is a name for
// "unconfined", confines nothing: it is as good as not loaded.
std::vector<std::string> confining_profiles(const std::string& text) {
  std::vector<std::string> profiles;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (const std::string_view mode : {" (enforce)", " (kill)"}) {
      if (line.ends_with(mode)) profiles.push_back(line.substr(0, line.size() - mode.size()));
    }
  }
  return profiles;
}

// "0::/system.slice/docker.service": the place in the unified hierarchy.
std::string own_cgroup(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return "/";
}

}  // namespace

bool Looker::swap_is_accounted(int cgroup_version) {
  const auto exists = [&](const std::string& path) {
    return open(kWorkingDirectory, path, O_PATH, Walk::follow).has_value();
  };
  if (cgroup_version == 1) return exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
  // The root of the hierarchy has no such file, and neither has a group without the memory
  // controller.
  const std::string own = own_cgroup(read("/proc/self/cgroup").value_or(""));
  for (const std::string& group : {own, std::string("/system.slice"), std::string("/init.scope")}) {
    if (exists("/sys/fs/cgroup" + group + "/memory.swap.max")) return true;
  }
  return false;
}

// Root makes cgroups where it likes. A rootless engine has those that systemd delegated to its
// user: none on cgroup v1, and on v2 what its own cgroup, if it may write there, has controllers
// for.
std::vector<std::string> Looker::missing_controllers(int cgroup_version) {
  std::vector<std::string> missing;
  if (initial_user_namespace_) return missing;
  std::string delegated;
  const std::string own = own_cgroup(read("/proc/self/cgroup").value_or(""));
  if (cgroup_version == 2) {
    try {
      const std::string path = "/sys/fs/cgroup" + own;
      open(kWorkingDirectory, path + "/cgroup.procs", O_WRONLY, Walk::no_links);
      delegated = " " + first_line(read(path + "/cgroup.controllers").value_or("")) + " ";
    } catch (const Error& error) {
      if (error.number() != EACCES && error.number() != EROFS && error.number() != EPERM) throw;
    }
  }
  for (const std::string controller : {"pids", "memory", "cpu"}) {
    if (delegated.find(" " + controller + " ") == std::string::npos) missing.push_back(controller);
  }
  return missing;
}

std::vector<SensitivePath> Looker::sensitive(const Profile& profile) {
  const Json& settings = profile.settings("mounts");
  std::vector<std::string> paths = find_strings(settings, "/denied_trees");
  for (std::string& path : find_strings(settings, "/denied_paths"))
    paths.push_back(std::move(path));
  std::vector<SensitivePath> found;
  std::vector<Descriptor> opened;
  for (const std::string& path : std::set<std::string>(paths.begin(), paths.end())) {
    try {
      std::optional<Descriptor> object = open(kWorkingDirectory, path, O_PATH, Walk::follow);
      if (!object) continue;
      opened.push_back(*std::move(object));
      found.push_back({path, {}, {}});
    } catch (const Error& error) {
      // dry-run as anybody: what lies below a closed directory is judged by its text.
      if (error.number() != EACCES || kernel_.user() == 0) throw;
    }
  }
  for (std::size_t index = 0; index < found.size(); ++index) {
    const struct stat status = kernel_.status(opened[index].number());
    found[index].identity = {status.st_dev, status.st_ino};
    if (std::optional<Place> place = find_place(opened[index].number(), status)) {
      found[index].location = std::move(place->location);
    }
  }
  return found;
}

// Podman with an id map of the user's own calls from a mount namespace without
// /sys/kernel/security.
std::string Looker::loaded_profiles() {
  if (const auto text = read("/sys/kernel/security/apparmor/profiles")) return *text;
  try {
    const Descriptor security = kernel_.open_file_system("securityfs");
    kernel_.create_as(security.number(), {});
    const Descriptor mount = kernel_.mount_file_system(security.number());
    const Descriptor file =
        kernel_.open(mount.number(), "apparmor/profiles", O_RDONLY, Walk::beneath_no_links);
    return kernel_.read_all(file.number(), kLongestList);
  } catch (const Error&) {
    return "";  // not seen: the rule says so
  }
}

HostFacts Looker::host(const Profile& profile) {
  HostFacts facts;
  facts.sensitive = sensitive(profile);
  const std::optional<Descriptor> cgroups =
      open(kWorkingDirectory, "/sys/fs/cgroup", O_PATH | O_DIRECTORY, Walk::follow);
  const std::optional<Mount> mount =
      cgroups ? mounts().find(kernel_.mount_id(cgroups->number())) : std::nullopt;
  facts.cgroup_version = mount && mount->file_system == "cgroup2" ? 2 : 1;
  facts.missing_controllers = missing_controllers(facts.cgroup_version);
  facts.swap_accounting = swap_is_accounted(facts.cgroup_version);
  facts.memory_bytes = total_memory(read("/proc/meminfo").value_or(""));
  facts.cpus = count_cpus(read("/sys/devices/system/cpu/online").value_or(""));
  facts.apparmor = read("/sys/module/apparmor/parameters/enabled").value_or("").starts_with('Y');
  if (facts.apparmor) {
    try {
      facts.apparmor_profiles = confining_profiles(loaded_profiles());
    } catch (const Error& error) {
      if (error.number() != EACCES && error.number() != EPERM) throw;  // for root's eyes only
    }
  }
  facts.selinux =
      open(kWorkingDirectory, "/sys/fs/selinux/enforce", O_PATH, Walk::follow).has_value();
  facts.initial_user_namespace = initial_user_namespace_;
  facts.resource_limits = own_limits(read("/proc/self/limits").value_or(""));
  facts.oom_score_adj = std::stoll(read("/proc/self/oom_score_adj").value_or("0"));
  facts.kernel_release = first_line(read("/proc/sys/kernel/osrelease").value_or(""));
  facts.architecture = kNativeArchitecture;
  return facts;
}

}  // namespace hardened
