// SPDX-License-Identifier: Apache-2.0
// The low-level runtime, what it says of itself, and the package that it came with.
#include <array>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/runtime.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

constexpr const char* kDpkg = "/usr/bin/dpkg-query";
constexpr const char* kRpm = "/usr/bin/rpm";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// "runc: /usr/sbin/runc". Debian lists files by the name they were packed with: /sbin/runc as well.
std::string debian_package(Kernel& kernel, const std::string& path) {
  std::string found;
  try {
    found = first_line(kernel.output_of(kDpkg, {"--search", path}));
  } catch (const Error&) {
    if (!path.starts_with("/usr/")) return "";
    found = first_line(kernel.output_of(kDpkg, {"--search", path.substr(4)}));
  }
  const std::string name = found.substr(0, found.find_first_of(":,"));
  return first_line(
      kernel.output_of(kDpkg, {"--show", "--showformat=${Package} ${Version}\n", name}));
}

// Empty: of no package, or of one that is not to be found.
std::string package_of(Kernel& kernel, const std::string& path) {
  try {
    if (exists(kernel, kDpkg)) return debian_package(kernel, path);
    if (exists(kernel, kRpm)) {
      return first_line(kernel.output_of(
          kRpm, {"--query", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\n", "--file", path}));
    }
  } catch (const Error&) {
    // Both end with an error where no package owns it.
  }
  return "";
}

}  // namespace

void probe_runtime(Kernel& kernel, const Environment& environment, Observation& seen) {
  try {
    seen.runtime.path = find_runtime(kernel, environment);
    seen.runtime.version = kernel.output_of(seen.runtime.path, {"--version"});
  } catch (const Error& error) {
    seen.runtime.error = error.what();
  }
  if (!seen.runtime.path.empty()) seen.runtime.package = package_of(kernel, seen.runtime.path);
}

}  // namespace hardened
