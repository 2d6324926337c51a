// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/policy_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <sstream>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/seccomp_compiler.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestFile = 1U << 20;
constexpr uid_t kOverflow = 65534;  // what an id that is not mapped here shows as

// A rootless engine calls us in a user namespace in which the host's root has no id: its files show
// the overflow id there, and the permission bits tell that nobody else writes them.
bool host_root_is_unmapped(Kernel& kernel) {
  const Descriptor map =
      kernel.open(kWorkingDirectory, "/proc/self/uid_map", O_RDONLY, Walk::follow);
  std::istringstream fields(kernel.read_all(map.number(), kLargestFile));
  std::uint64_t inside = 0, outside = 0, size = 0;
  while (fields >> inside >> outside >> size) {
    if (outside == 0 && size > 0) return false;
  }
  return true;
}

// Whoever writes the policy decides what containers may do to this host.
void refuse_untrusted(Kernel& kernel, const struct stat& status) {
  if (status.st_uid != 0 && !(status.st_uid == kOverflow && host_root_is_unmapped(kernel))) {
    throw Error(ErrorKind::invalid_input,
                "owned by uid " + std::to_string(status.st_uid) + ", not by root");
  }
  // The group's bits are also the most that an access control list gives (acl(5)).
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(ErrorKind::invalid_input, "writable by others than root");
  }
}

// A link could lead to where others write. O_NONBLOCK: a FIFO would hold us in open for ever.
std::optional<Descriptor> open_if_there(Kernel& kernel, int directory, const std::string& name,
                                        int flags, Walk walk = Walk::no_links) {
  const int links = walk == Walk::follow ? 0 : O_NOFOLLOW;
  try {
    return kernel.find(directory, name, flags | O_RDONLY | O_NONBLOCK | links, walk);
  } catch (const Error& error) {
    if (error.number() == ELOOP)
      throw Error(ErrorKind::invalid_input, "a symbolic link, or below one");
    throw;
  }
}

std::string read_regular(Kernel& kernel, const Descriptor& file) {
  if (!S_ISREG(kernel.status(file.number()).st_mode)) {
    throw Error(ErrorKind::invalid_input, "not a regular file");
  }
  return kernel.read_all(file.number(), kLargestFile);
}

class Loader {
 public:
  Loader(Kernel& kernel, const Environment& environment)
      : kernel_(kernel), environment_(environment) {}

  Policy load() {
    const std::string& path = environment_.configuration;
    // Below a rootless engine /etc is the user's own, full of links to the host's.
    const Walk walk = in_initial_user_namespace(kernel_) ? Walk::no_links : Walk::follow;
    const std::optional<Descriptor> directory = open_directory(kWorkingDirectory, path, path, walk);
    if (directory) {
      layer(*directory, "policy.json", path);
      const std::string drop_ins = path + "/policy.d";
      const std::optional<Descriptor> below =
          open_directory(directory->number(), "policy.d", drop_ins, Walk::no_links);
      if (below) {
        for (const std::string& name : names(*below)) layer(*below, name, drop_ins);
      }
    }
    policy_.check(is_system_call);
    return std::move(policy_);
  }

 private:
  std::optional<Descriptor> open_directory(int parent, const std::string& name,
                                           const std::string& path, Walk walk) try {
    std::optional<Descriptor> directory = open_if_there(kernel_, parent, name, O_DIRECTORY, walk);
    if (directory) refuse_untrusted(kernel_, kernel_.status(directory->number()));
    return directory;
  } catch (Error& error) {
    if (error.number() == ENOTDIR) {
      throw Error(ErrorKind::invalid_input, "a symbolic link, or no directory")
          .within("policy " + printable(path));
    }
    throw error.within("policy " + printable(path));
  }

  std::vector<std::string> names(const Descriptor& directory) {
    std::vector<std::string> names = kernel_.list(directory.number());
    std::erase_if(names, [](const std::string& name) {
      return name.starts_with('.') || !name.ends_with(".json");
    });
    std::sort(names.begin(), names.end());
    return names;
  }

  void layer(const Descriptor& directory, const std::string& name, const std::string& parent) {
    const std::string source = "policy " + parent + "/" + name;
    std::optional<std::string> text;
    try {
      const std::optional<Descriptor> file = open_if_there(kernel_, directory.number(), name, 0);
      if (!file) return;
      refuse_untrusted(kernel_, kernel_.status(file->number()));
      text = read_regular(kernel_, *file);
    } catch (Error& error) {
      throw error.within(printable(source));
    }
    policy_.layer(*text, source);
  }

  Kernel& kernel_;
  const Environment& environment_;
  Policy policy_ = Policy::builtin();
};

}  // namespace

Policy load_policy(Kernel& kernel, const Environment& environment) {
  return Loader(kernel, environment).load();
}

Policy load_policy_file(Kernel& kernel, const std::string& path) {
  const bool input = path == "-";
  const std::string source = "policy " + (input ? "standard input" : path);
  std::string text;
  try {
    const Descriptor file =
        input ? Descriptor()
              : kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK, Walk::follow);
    text = input ? kernel.read_all(STDIN_FILENO, kLargestFile) : read_regular(kernel, file);
  } catch (Error& error) {
    throw error.within(printable(source));
  }
  Policy policy = Policy::builtin();
  policy.layer(text, source);
  policy.check(is_system_call);
  return policy;
}

Profile select_profile(const Policy& policy, const Environment& environment,
                       const std::optional<std::string>& named, const Json& document) {
  const ProfileRequest request{named, environment.invoked_as,
                               find_string(document, "/annotations/hardened.profile")};
  return policy.profile(select_profile(policy, request));
}

}  // namespace hardened
