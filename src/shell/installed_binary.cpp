// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/installed_binary.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// Cleaned by others than the administrator, gone with a reboot, or seen by some programs only.
constexpr std::array kPassing{"/tmp", "/var/tmp", "/home", "/root", "/run", "/dev", "/proc"};

void refuse_unless_roots(Kernel& kernel, const std::string& path) {
  const Descriptor there = kernel.open(kWorkingDirectory, path, O_PATH, Walk::no_links);
  const struct stat status = kernel.status(there.number());
  if (status.st_uid != 0) {
    throw Error(ErrorKind::refused,
                printable(path) + " belongs to uid " + std::to_string(status.st_uid));
  }
  if ((status.st_mode & 0022) != 0) {
    throw Error(ErrorKind::refused, printable(path) + " can be written by others than root");
  }
}

std::string link_text(const std::string& binary) {
  return "./" + binary.substr(binary.rfind('/') + 1);
}

Descriptor directory_of(Kernel& kernel, const std::string& path) {
  return kernel.open(kWorkingDirectory, parent_of(path), O_RDONLY | O_DIRECTORY, Walk::no_links);
}

}  // namespace

std::string installed_binary(Kernel& kernel) try {
  const auto path = kernel.read_link(kWorkingDirectory, "/proc/self/exe");
  if (!path || !path->starts_with('/')) {
    throw Error(ErrorKind::unsupported, "its place cannot be read from /proc");
  }
  for (const char* tree : kPassing) {
    if (at_or_below(*path, tree)) {
      throw Error(ErrorKind::refused, printable(*path) + " lies below " + tree);
    }
  }
  std::string on_the_way = *path;
  refuse_unless_roots(kernel, on_the_way);
  while (on_the_way != "/") {
    on_the_way = parent_of(on_the_way);
    refuse_unless_roots(kernel, on_the_way);
  }
  return *path;
} catch (Error& error) {
  throw error.within("this executable")
      .followed_by(
          "install it first, for instance: install -m 755 hardened /usr/local/bin/hardened");
}

std::string pod_link(const std::string& binary) { return parent_of(binary) + "/hardened-pod"; }

PodLink look_at_pod_link(Kernel& kernel, const std::string& binary) {
  const std::string path = pod_link(binary);
  const auto text = kernel.read_link(kWorkingDirectory, path);
  if (!text && !exists(kernel, path)) return PodLink::absent;
  if (text == link_text(binary)) return PodLink::ours;
  const bool leads_here = exists(kernel, path) && [&] {
    const auto id = [&](const std::string& name) {
      const Descriptor file = kernel.open(kWorkingDirectory, name, O_PATH, Walk::follow);
      const struct stat status = kernel.status(file.number());
      return std::pair(status.st_dev, status.st_ino);
    };
    return id(path) == id(binary);
  }();
  if (!leads_here) {
    throw Error(ErrorKind::refused,
                printable(path) + " is there and does not lead to " + printable(binary));
  }
  return PodLink::foreign_maker;
}

void make_pod_link(Kernel& kernel, Administration& administration, const std::string& binary) try {
  administration.make_link(directory_of(kernel, binary).number(), "hardened-pod",
                           link_text(binary));
} catch (Error& error) {
  throw error.within(printable(pod_link(binary)));
}

void remove_pod_link(Kernel& kernel, const std::string& binary) try {
  kernel.unlink(directory_of(kernel, binary).number(), "hardened-pod", 0);
} catch (Error& error) {
  throw error.within(printable(pod_link(binary)));
}

}  // namespace hardened
