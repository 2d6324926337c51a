// SPDX-License-Identifier: Apache-2.0
// Device nodes: made, opened, and found. Opened for reading only, and none whose opening does
// something (a watchdog).
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "attempt.hpp"
#include "places.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "devices";

struct Device {
  const char* name;
  mode_t type;
  unsigned major;
  unsigned minor;
};

constexpr Device kDevices[] = {{"mem", S_IFCHR, 1, 1},
                               {"port", S_IFCHR, 1, 4},
                               {"kmsg", S_IFCHR, 1, 11},
                               {"fuse", S_IFCHR, 10, 229},
                               {"kvm", S_IFCHR, 10, 232},
                               {"tun", S_IFCHR, 10, 200},
                               {"loop-control", S_IFCHR, 10, 237},
                               {"loop0", S_IFBLK, 7, 0},
                               {"disk", S_IFBLK, 0, 0}};
constexpr const char* kOrdinary[] = {"null",    "zero", "full",    "random",
                                     "urandom", "tty",  "console", "ptmx"};

// The disk below the container's own files, where they lie on one.
dev_t number(const Device& device) {
  if (device.major != 0) return makedev(device.major, device.minor);
  struct stat status {};
  return ::stat(kBind, &status) == 0 ? status.st_dev : 0;
}

Outcome made(const Device& device, bool open) {
  const dev_t which = number(device);
  if (major(which) == 0) return {Result::absent, 0, "not on a disk"};
  const std::string path = std::string(kScratch) + '/' + device.name;
  ::unlink(path.c_str());
  if (::mknod(path.c_str(), device.type | 0600, which) != 0) return by_errno(-errno);
  const int file = open ? ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC) : 0;
  const int error = errno;
  ::unlink(path.c_str());
  return by_place(file >= 0 ? 0 : -error);
}

Outcome found() {
  DIR* const opened = ::opendir("/dev");
  if (opened == nullptr) return {Result::unable, errno};
  std::string beyond;
  while (const dirent* const entry = ::readdir(opened)) {
    struct stat status {};
    const std::string path = std::string("/dev/") + entry->d_name;
    if (::lstat(path.c_str(), &status) != 0 ||
        !(S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)))
      continue;
    if (std::find(std::begin(kOrdinary), std::end(kOrdinary), std::string_view(entry->d_name)) ==
        std::end(kOrdinary)) {
      beyond += path + ' ';
    }
  }
  ::closedir(opened);
  return {beyond.empty() ? Result::denied : Result::reached, 0, beyond};
}

Outcome there(const std::string& name) {
  const int file = ::open(("/dev/" + name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  return by_place(file >= 0 ? 0 : -errno);
}

}  // namespace

void add_devices(Attempts& attempts) {
  for (const Device& device : kDevices) {
    const std::string name = device.name;
    attempts.push_back({"device.made." + name, kGroup, [&device] { return made(device, false); }});
    attempts.push_back({"device.opened." + name, kGroup, [&device] { return made(device, true); }});
  }
  for (const char* name : {"kmsg", "fuse", "kvm", "loop-control", "net/tun", "vda"}) {
    attempts.push_back(
        {std::string("device.there.") + name, kGroup, [name] { return there(name); }});
  }
  attempts.push_back({"device.beyond-the-default", kGroup, found});
}

}  // namespace hardened::probe
