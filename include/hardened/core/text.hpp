// SPDX-License-Identifier: Apache-2.0
// Strings for people: documents are attacker-influenced, so whatever is quoted from them is made
// harmless first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened {

// Control characters, escape sequences, bidirectional overrides and invalid UTF-8 as \xNN or
// \u{NNNN}; cut after `limit` bytes with `...`.
std::string printable(std::string_view text, std::size_t limit = 200);

// The candidate nearest to `word` by edit distance, or an empty view where none is near (distance
// over 2, or over a third of the word's length).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace hardened
