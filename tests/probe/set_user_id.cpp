// SPDX-License-Identifier: Apache-2.0
// Files that make whoever runs them root: made on a directory of the host, rewritten there, and run
// in the container.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "attempt.hpp"
#include "calls.hpp"
#include "places.hpp"

namespace hardened::probe {
namespace {

constexpr char kMaking[] = "set-user-ID files left on a bind";
constexpr char kRunning[] = "set-user-ID programs";
constexpr unsigned long kHere = static_cast<unsigned long>(AT_FDCWD);
constexpr mode_t kBoth = S_ISUID | S_ISGID;

// The call under attack has the path, an open descriptor of it, and the mode.
struct Target {
  Entry entry;
  long number;
  const char* path;
  unsigned long descriptor;
  unsigned long mode;
};

using Make = long (*)(const Target& target);

long open_how_call(const Target& t) {
  static open_how how;
  how = {O_CREAT | O_WRONLY, t.mode, 0};
  return call(t.entry, t.number, {kHere, address(t.path), address(&how), sizeof how});
}

struct Maker {
  std::string_view name;
  bool on_file;  // wants a file to be there; the others make it
  Make make;
};

constexpr unsigned long kCreating = O_CREAT | O_WRONLY;

constexpr Maker kMakers[] = {
    {"chmod", true,
     [](const Target& t) {
       return call(t.entry, t.number, {address(t.path), t.mode});
     }},
    {"fchmod", true,
     [](const Target& t) {
       return call(t.entry, t.number, {t.descriptor, t.mode});
     }},
    {"fchmodat", true,
     [](const Target& t) {
       return call(t.entry, t.number, {kHere, address(t.path), t.mode});
     }},
    {"fchmodat2", true,
     [](const Target& t) {
       return call(t.entry, t.number, {kHere, address(t.path), t.mode, 0});
     }},
    {"creat", false,
     [](const Target& t) {
       return call(t.entry, t.number, {address(t.path), t.mode});
     }},
    {"open", false,
     [](const Target& t) {
       return call(t.entry, t.number, {address(t.path), kCreating, t.mode});
     }},
    {"openat", false,
     [](const Target& t) {
       return call(t.entry, t.number, {kHere, address(t.path), kCreating, t.mode});
     }},
    {"openat2", false, open_how_call},
    {"mknod", false,
     [](const Target& t) {
       return call(t.entry, t.number, {address(t.path), S_IFREG | t.mode, 0});
     }},
    {"mknodat", false, [](const Target& t) {
       return call(t.entry, t.number, {kHere, address(t.path), S_IFREG | t.mode, 0});
     }}};

// By libseccomp a number that it has no name for is called so.
std::optional<long> number_of(const Numbers& numbers, Entry entry, std::string_view name) {
  const auto known = numbers.find(entry, name);
  if (known || name != "fchmodat2") return known;
  return 452;  // since 6.6; one number on every door
}

Outcome made(const Maker& maker, Entry entry, long number, mode_t mode, const std::string& id) {
  static char path[256];
  std::snprintf(path, sizeof path, "%s/%s", kBind, id.c_str());
  int descriptor = -1;
  if (maker.on_file) {
    descriptor = ::open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (descriptor < 0) return {Result::unable, errno, "no file to change"};
  }
  ::umask(0);
  const long answer =
      maker.make({entry, number, path, static_cast<unsigned long>(descriptor), mode});
  struct stat status {};
  if (::stat(path, &status) == 0 && (status.st_mode & kBoth) != 0)
    return {Result::reached, 0, path};
  if (answer < 0) return {Result::denied, static_cast<int>(-answer)};
  return {Result::denied, 0, "the kernel dropped the bit"};
}

Outcome made_without_a_name() {
  const std::string path = std::string(kBind) + "/unnamed";
  ::umask(0);
  const int file = ::open(kBind, O_TMPFILE | O_WRONLY, 04755);
  if (file < 0) return by_errno(-errno);
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  return by_errno(::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0
                      ? 0
                      : -errno);
}

Outcome with_file_capabilities() {
  const std::string path = std::string(kBind) + "/capable";
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0755);
  if (file < 0) return {Result::unable, errno, "no file to change"};
  vfs_cap_data data{};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1U << CAP_NET_RAW;
  return by_errno(
      ::fsetxattr(file, "security.capability", &data, XATTR_CAPS_SZ_2, 0) == 0 ? 0 : -errno);
}

// What is run as root on the host keeps its bit, but not its content.
Outcome rewritten(const std::string& path, bool by_mapping) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return by_place(-errno);
  if (by_mapping) {
    void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) return by_errno(-errno);
    std::memcpy(page, "changed", 7);
  } else if (::pwrite(file, "changed", 7, 0) != 7) {
    return by_errno(-errno);
  }
  struct stat status {};
  if (::fstat(file, &status) != 0) return {Result::unable, errno};
  if ((status.st_mode & S_ISUID) != 0) return {Result::reached, 0, path};
  return {Result::denied, 0, "the kernel dropped the bit"};
}

Outcome raised(const char* program) {
  if (::access(program, X_OK) != 0) return {Result::unable, errno};
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setresuid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0)
      ::_exit(2);
    ::execl(program, program, "--raised", nullptr);
    // EPERM: the kernel does not start what may not have the capabilities that its file asks for.
    ::_exit(errno == EPERM ? 1 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return {Result::unable, 0, "it was killed"};
  const int code = WEXITSTATUS(status);
  if (code > 1) return {Result::unable, code, "it did not run"};
  return {code == 0 ? Result::reached : Result::denied, 0};
}

}  // namespace

void add_set_user_id_files(Attempts& attempts, const Numbers& numbers) {
  for (const Maker& maker : kMakers) {
    for (const Entry entry : kEntries) {
      const auto number = number_of(numbers, entry, maker.name);
      if (!number) continue;
      for (const auto& [bit, mode] : {std::pair{"user", 04755U}, std::pair{"group", 02755U}}) {
        const std::string id =
            "left." + std::string(maker.name) + '.' + bit + '@' + std::string(name_of(entry));
        attempts.push_back(
            {id, kMaking, [=, n = *number, m = mode] { return made(maker, entry, n, m, id); }});
      }
    }
  }
  attempts.push_back({"left.unnamed", kMaking, made_without_a_name});
  attempts.push_back({"left.capabilities", kMaking, with_file_capabilities});
  attempts.push_back({"left.rewritten.written", kMaking,
                      [] { return rewritten(std::string(kPresent) + ".written", false); }});
  attempts.push_back({"left.rewritten.mapped", kMaking,
                      [] { return rewritten(std::string(kPresent) + ".mapped", true); }});
}

void add_raised_programs(Attempts& attempts) {
  attempts.push_back({"raised.user", kRunning, [] { return raised(kRaised); }});
  attempts.push_back({"raised.capabilities", kRunning, [] { return raised(kCapable); }});
}

}  // namespace hardened::probe
