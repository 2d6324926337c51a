// SPDX-License-Identifier: Apache-2.0
// The one JSON type: keys keep their order, so that what no rule owns comes out as it went in.
#pragma once

#include <nlohmann/json.hpp>

namespace hardened {

using Json = nlohmann::ordered_json;

}  // namespace hardened
