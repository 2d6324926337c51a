// SPDX-License-Identifier: Apache-2.0
// Strings for people: documents are attacker-influenced, so whatever is quoted from them is made
// harmless first. And the small tools that every reader of text needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hardened {

// Control characters, escape sequences, bidirectional overrides and invalid UTF-8 as \xNN or
// \u{NNNN}; cut after `limit` bytes with `...`.
std::string printable(std::string_view text, std::size_t limit = 200);

constexpr std::size_t kWhole = static_cast<std::size_t>(-1);  // as a limit: nothing is cut

// `text` in lines of at most `columns` characters, broken at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);
// Characters as a terminal counts them, near enough: code points.
std::size_t width_of(std::string_view text);

// Empty parts too: "a::b" has three.
std::vector<std::string> split(std::string_view text, char separator);

// FNV-1a of 64 bits: tells texts apart, proves nothing.
std::uint64_t hash_of(std::string_view text);

// The candidate nearest to `word` by edit distance, or an empty view where none is near (distance
// over 2, or over a third of the word's length).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// "; did you mean \"strict\"?" of that candidate, or nothing: the end of a message.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace hardened
