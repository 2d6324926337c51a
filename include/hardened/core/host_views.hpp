// SPDX-License-Identifier: Apache-2.0
// Kernel file systems that show one of the host's namespaces to a container which shares it. A user
// namespace that does not own that namespace cannot mount them fresh: it gets the host's own mount,
// alone and read-only; /proc as writable as a fresh one. Judges nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

struct HostView {
  std::string_view type;        // of the file system
  std::string_view name_space;  // that it shows
  std::string_view place;       // on the host and in the container alike
};

// By its destination, in normal form; nullptr: none is shown there.
const HostView* host_view_at(std::string_view destination);

// Whether it is one of the host's own. One that nobody looked at is by its name: init's, and those
// of whoever reads the name.
bool is_host_namespace(const std::string& path, const Facts& facts);

// Whether the container has no namespace of `type` but the host's: none is listed, or that one by
// path.
bool shares_with_host(const Json& document, const Facts& facts, std::string_view type);

// As the document mounts it: fresh, where only a view can be had.
bool needs_host_view(const Json& document, const Facts& facts, const Json& mount);

// "bind" and all that the view in place of `mount`, which needs one, has besides.
std::vector<std::string> host_view_options(const Json& mount);

// Whether the mount, a bind that is not recursive and, but of /proc, read-only, is such a view.
bool is_host_view(const Json& document, const Facts& facts, const Json& mount);

}  // namespace hardened
