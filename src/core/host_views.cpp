// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/host_views.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

constexpr std::array kViews{HostView{"sysfs", "network", "/sys"}, HostView{"proc", "pid", "/proc"},
                            HostView{"mqueue", "ipc", "/dev/mqueue"}};

const HostView* view_of(const Json& mount) {
  return host_view_at(normal_path("/" + find_string(mount, "/destination").value_or("")));
}

// The runtime writes the container's sysctls and its AppArmor label there, and programs their own
// entries. What the host's root owns stays out of reach: the container is nobody to it.
bool may_be_writable(const HostView& view) { return view.type == "proc"; }

}  // namespace

const HostView* host_view_at(std::string_view destination) {
  const auto* view = std::find_if(kViews.begin(), kViews.end(),
                                  [&](const HostView& v) { return v.place == destination; });
  return view == kViews.end() ? nullptr : view;
}

bool is_host_namespace(const std::string& path, const Facts& facts) {
  const auto fact = facts.namespaces.find(path);
  if (fact != facts.namespaces.end() && fact->second.sight == Sight::seen) return fact->second.host;
  const std::vector<std::string> parts = path_components(path);
  return parts.size() >= 2 && parts[0] == "proc" &&
         (parts[1] == "1" || parts[1] == "self" || parts[1] == "thread-self");
}

bool shares_with_host(const Json& document, const Facts& facts, std::string_view type) {
  const Json& namespaces = find_array(document, "/linux/namespaces");
  return std::none_of(namespaces.begin(), namespaces.end(), [&](const Json& entry) {
    return find_string(entry, "/type") == type &&
           !is_host_namespace(find_string(entry, "/path").value_or(""), facts);
  });
}

bool needs_host_view(const Json& document, const Facts& facts, const Json& mount) {
  const HostView* view = view_of(mount);
  return view != nullptr && !is_bind(mount) && find_string(mount, "/type") == view->type &&
         shares_with_host(document, facts, view->name_space);
}

std::vector<std::string> host_view_options(const Json& mount) {
  std::vector<std::string> options{"bind", "nosuid", "noexec", "nodev", "rprivate"};
  const bool read_only = MountOptions(find_strings(mount, "/options")).read_only();
  if (read_only || !may_be_writable(*view_of(mount))) options.insert(options.begin() + 1, "ro");
  return options;
}

bool is_host_view(const Json& document, const Facts& facts, const Json& mount) {
  const HostView* view = view_of(mount);
  if (view == nullptr || !is_bind(mount) || !shares_with_host(document, facts, view->name_space)) {
    return false;
  }
  const std::string source = find_string(mount, "/source").value_or("");
  const MountOptions options(find_strings(mount, "/options"));
  const auto fact = facts.sources.find(source);
  const bool seen = fact != facts.sources.end() && fact->second.sight == Sight::seen;
  return source == view->place && options.has("bind") && !options.has("rbind") &&
         (options.read_only() || may_be_writable(*view)) &&
         (!seen || (fact->second.path == view->place && fact->second.file_system == view->type));
}

}  // namespace hardened
