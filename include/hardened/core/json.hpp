// SPDX-License-Identifier: Apache-2.0
// The one JSON type: keys keep their order, so that what no rule owns comes out as it went in.
#pragma once

#include <nlohmann/json.hpp>

// Instantiated once, in json.cpp: a file that reads a document took nearly twice as long to
// compile.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace hardened {

using Json = nlohmann::ordered_json;

}  // namespace hardened
