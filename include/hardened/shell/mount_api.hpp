// SPDX-License-Identifier: Apache-2.0
// The bodies of what RealKernel does to mounts by descriptor; see the contracts in kernel.hpp.
// Refuses nothing by itself: every failure is Error(system) with the kernel's own words.
#pragma once

#include <array>
#include <string>

#include "hardened/shell/kernel.hpp"

namespace hardened {

void set_mount_attributes(int tree, Tree which, const MountAttributes& attributes);
Descriptor make_user_namespace(Kernel& kernel, const std::string& users, const std::string& groups);
std::array<std::string, 2> read_id_maps(Kernel& kernel, int user_namespace);
void reconfigure_overlay(int descriptor);
Descriptor fsopen(const std::string& type);
void fsconfig(int file_system, const std::string& key, const std::string& value);
void fsconfig_create_as(int file_system, const FileSystemIds& ids);
Descriptor fsmount(int file_system);
void mount_as(const FileSystemIds& ids, const std::string& target, const std::string& type,
              const std::string& data);

}  // namespace hardened
