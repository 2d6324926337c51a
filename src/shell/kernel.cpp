// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/kernel.hpp"
