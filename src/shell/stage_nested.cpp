// SPDX-License-Identifier: Apache-2.0
#include "shell/stage_nested.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// Of one mount below another: the way to it, and what it shows.
using Submount = std::tuple<std::string, std::string, std::string>;

Submount submount(const std::string& path, const std::string& base, Location location) {
  return {path.substr(std::min(base == "/" ? 0 : base.size(), path.size())),
          std::move(location.device), std::move(location.path)};
}

[[noreturn]] void changed(const std::string& path, std::string_view what) {
  throw Error(ErrorKind::refused, "the mount point " + printable(path) + " " + std::string(what));
}

// The same place in the clone and in what it is a clone of.
struct Way {
  Descriptor clone;
  Descriptor source;
};

enum class Last { directory, file };

Descriptor find_or_make(Kernel& kernel, const Way& at, const std::string& name, Last kind,
                        bool read_only) {
  const auto open = [&] {
    return kernel.open(at.clone.number(), name,
                       kind == Last::directory ? O_PATH | O_DIRECTORY : O_PATH | O_NOFOLLOW,
                       Walk::beneath_no_links);
  };
  try {
    return open();
  } catch (const Error& error) {
    if (error.number() != ENOENT) throw;
  }
  if (read_only) changed(name, "is missing, and what holds it is read-only");
  if (kind == Last::directory) {
    kernel.make_directory(at.source.number(), name, 0755);
  } else {
    kernel.open(at.source.number(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                Walk::beneath_no_links, 0755);
  }
  return open();
}

Descriptor mount_point(Kernel& kernel, const Outer& outer, const std::string& below,
                       bool directory) {
  std::vector<std::string> parts = path_components(below);
  const std::string last = parts.back();
  parts.pop_back();
  Way at{kernel.duplicate(outer.clone.number(), 3), kernel.duplicate(outer.source.number(), 3)};
  for (const std::string& part : parts) {
    Descriptor next = find_or_make(kernel, at, part, Last::directory, outer.read_only);
    at.source = kernel.open(at.source.number(), part, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    at.clone = std::move(next);
  }
  return find_or_make(kernel, at, last, directory ? Last::directory : Last::file, outer.read_only);
}

MountAttributes attributes(const MountOptions& options) {
  const auto has = [&](std::string_view word, std::string_view recursive) {
    return options.has(word) || options.has(recursive);
  };
  return {.read_only = options.read_only(),
          .nosuid = has("nosuid", "rnosuid"),
          .nodev = has("nodev", "rnodev"),
          .noexec = has("noexec", "rnoexec")};
}

bool recursive(const MountOptions& options) {
  return options.has("rro") || options.has("rnosuid") || options.has("rnodev") ||
         options.has("rnoexec");
}

}  // namespace

void require_inspected_submounts(const MountTable& mounts, std::uint64_t clone,
                                 const std::string& at, const SourceFact& source) {
  std::vector<Submount> known;
  for (const SourceFact& below : source.submounts) {
    known.push_back(submount(below.path, source.path, below.location));
  }
  for (const Mount& mount : mounts.below(clone, at)) {
    const auto found = std::find(known.begin(), known.end(),
                                 submount(mount.mount_point, at, {mount.device, mount.root}));
    // One that is gone again shows what it hid, which the source was judged for.
    if (found == known.end()) {
      throw Error(ErrorKind::refused,
                  "something was mounted below " + printable(source.path) + " meanwhile");
    }
    known.erase(found);
  }
}

void nest(Kernel& kernel, const Inner& inner, const Outer& outer, const std::string& below) {
  const struct stat status = kernel.status(inner.clone.number());
  const Descriptor point = mount_point(kernel, outer, below, S_ISDIR(status.st_mode));
  if (S_ISLNK(kernel.status(point.number()).st_mode)) changed(below, "became a link meanwhile");
  // A clone is its source's peer: what is mounted in it would show on the host, and stay.
  for (const Descriptor* clone : {&inner.clone, &outer.clone}) {
    kernel.mount("", "/proc/self/fd/" + std::to_string(clone->number()), "", MS_SLAVE | MS_REC, "");
  }
  kernel.set_attributes(inner.clone.number(),
                        recursive(inner.options) ? Tree::recursive : Tree::single,
                        attributes(inner.options));
  kernel.move_mount(inner.clone.number(), point.number(), "");
}

}  // namespace hardened
