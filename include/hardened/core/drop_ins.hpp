// SPDX-License-Identifier: Apache-2.0
// The files by which CRI-O and Podman learn of a runtime: a file of our own beside theirs, which is
// laid over what they have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened {

// First line of every file or block that configure writes and unconfigure removes.
inline constexpr std::string_view kMadeByConfigure =
    "# Made by `hardened configure`, removed by `hardened unconfigure`; edits are lost.";

// A TOML basic string of a path, quotes included.
std::string toml_string(std::string_view text);

// /etc/crio/crio.conf.d/NAME: crio.conf(5), tables of runtimes are merged by name.
std::string crio_drop_in(std::string_view path, bool as_default);

// /etc/containers/containers.conf.d/NAME: containers.conf(5). `supports_json` replaces the list
// that was in force, so it has to name every runtime that was in it.
std::string podman_drop_in(std::string_view path, const std::vector<std::string>& supports_json,
                           bool as_default);

// What `runtime_supports_json` has to be: what Podman knows by itself, what the files name that are
// read before ours, and us. A name of a runtime that is not there does no harm.
std::vector<std::string> podman_supports_json(const std::vector<std::string>& texts);

}  // namespace hardened
