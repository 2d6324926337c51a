// SPDX-License-Identifier: Apache-2.0
// One message to a Unix datagram socket.
#pragma once

#include <string>
#include <string_view>

#include "hardened/shell/kernel.hpp"

namespace hardened {

// The body of RealKernel::send_datagram; see the contract there.
void send_to_socket(Kernel& kernel, const std::string& path, std::string_view data);

}  // namespace hardened
