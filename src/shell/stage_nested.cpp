// SPDX-License-Identifier: Apache-2.0
#include "shell/stage_nested.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "hardened/core/document.hpp"
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

void make_directory(Kernel& kernel, int directory, const std::string& name,
                    const std::optional<FileSystemIds>& owner) {
  kernel.make_directory(directory, name, 0755);
  if (!owner) return;
  const Descriptor made =
      kernel.open(directory, name, O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
  kernel.change_owner(made.number(), owner->user, owner->group);
}

Descriptor find_or_make(Kernel& kernel, const Way& at, const std::string& name, Last kind,
                        const Outer& outer) {
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
  if (outer.read_only) changed(name, "is missing, and what holds it is read-only");
  if (kind == Last::directory) {
    make_directory(kernel, at.source.number(), name, outer.owner);
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
    Descriptor next = find_or_make(kernel, at, part, Last::directory, outer);
    at.source = kernel.open(at.source.number(), part, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    at.clone = std::move(next);
  }
  return find_or_make(kernel, at, last, directory ? Last::directory : Last::file, outer);
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

// The words that are mount(2)'s own flags, beside those of `attributes`.
unsigned long flags_of(const MountOptions& options) {
  constexpr std::array<std::pair<std::string_view, unsigned long>, 8> kFlags{
      {{"noatime", MS_NOATIME},
       {"nodiratime", MS_NODIRATIME},
       {"relatime", MS_RELATIME},
       {"strictatime", MS_STRICTATIME},
       {"sync", MS_SYNCHRONOUS},
       {"dirsync", MS_DIRSYNC},
       {"lazytime", MS_LAZYTIME},
       {"nosymfollow", 256}}};  // MS_NOSYMFOLLOW, which older headers lack
  unsigned long flags = 0;
  for (const auto& [word, flag] : kFlags) flags |= options.has(word) ? flag : 0;
  return flags;
}

std::uint32_t owner_of(const std::vector<IdMapping>& map, const std::string& word,
                       std::uint32_t id) {
  if (map.empty()) return id;
  const std::optional<std::uint32_t> owner = host_id(map, id);
  if (!owner) {
    throw Error(ErrorKind::refused,
                "the owner \"" + printable(word) + "\" is none of the container's ids");
  }
  return *owner;
}

// As the kernel reads the number: octal and hexadecimal too. What is no id was refused before.
std::uint32_t id_in(const std::string& word) {
  return static_cast<std::uint32_t>(std::strtoul(word.c_str() + word.find('=') + 1, nullptr, 0));
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), mode & 07777U, 8).ptr;
  return {text.data(), end};
}

std::string tmpfs_data(const TmpfsRequest& request, const MountOptions& options) {
  // The first ones count less: what the document says comes later.
  std::string data = "uid=" + std::to_string(owner_of(request.maps.users, "uid=0", 0)) +
                     ",gid=" + std::to_string(owner_of(request.maps.groups, "gid=0", 0));
  if (request.covered) data += ",mode=" + octal(*request.covered);
  for (const std::string& word : options.words()) {
    if (is_known_option(word, "")) continue;  // a flag
    if (word.starts_with("uid=")) {
      data += ",uid=" + std::to_string(owner_of(request.maps.users, word, id_in(word)));
    } else if (word.starts_with("gid=")) {
      data += ",gid=" + std::to_string(owner_of(request.maps.groups, word, id_in(word)));
    } else {
      data += "," + word;
    }
  }
  if (!request.label.empty()) data += ",context=\"" + request.label + '"';
  return data;
}

}  // namespace

void mount_tmpfs(Kernel& kernel, const TmpfsRequest& request, const std::string& target) {
  const MountOptions options(find_strings(request.mount, "/options"));
  kernel.mount(find_string(request.mount, "/source").value_or("tmpfs"), target, "tmpfs",
               MS_NOSUID | flags_of(options), tmpfs_data(request, options));
}

std::optional<mode_t> covered_mode(Kernel& kernel, const Outer& outer, const std::string& below) {
  try {
    const Descriptor covered =
        kernel.open(outer.source.number(), below, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    return kernel.status(covered.number()).st_mode & 07777U;
  } catch (const Error& error) {
    if (error.number() == ENOENT) return std::nullopt;
    throw;
  }
}

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
