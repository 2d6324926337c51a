// SPDX-License-Identifier: Apache-2.0
// Where the generator's decisions come from: a seed, or bytes that somebody else chose (a shrunk
// failure, libFuzzer). Zero is the simplest decision everywhere, and what lies beyond the bytes is
// zero: fewer and smaller bytes make a simpler document.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace hardened::property {

using Bytes = std::vector<std::uint8_t>;

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : random_(seed) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : given_(bytes.begin(), bytes.end()) {}

  // 0 to count - 1; one byte, or two where that needs more. `count` is not 0.
  std::size_t below(std::size_t count);
  // Once in `count` times, and never where nothing is left to decide by.
  bool one_in(std::size_t count) { return below(count) == count - 1; }
  template <typename List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

  // All that was decided by, in order: Choices of these decides the same again.
  const Bytes& taken() const { return taken_; }
  // Whether every further decision is the simplest.
  bool spent() const { return !random_ && taken_.size() >= given_.size(); }

 private:
  std::uint8_t byte();

  std::optional<std::mt19937_64> random_;
  Bytes given_;
  Bytes taken_;
};

// The simplest bytes found that still fail, in at most `tries` attempts: parts left out, then bytes
// made smaller.
Bytes shrink(Bytes failing, const std::function<bool(const Bytes&)>& fails, std::size_t tries);

}  // namespace hardened::property
