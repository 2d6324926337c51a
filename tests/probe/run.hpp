// SPDX-License-Identifier: Apache-2.0
// Runs attempts one after the other, each in a child with a limit of time, and prints one JSON line
// for each.
#pragma once

#include "attempt.hpp"

namespace hardened::probe {

// `only`: ids that begin with it; empty: all.
void run_all(const Attempts& attempts, std::string_view only);

}  // namespace hardened::probe
