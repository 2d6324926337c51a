// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry to one target.
#include <cstddef>
#include <cstdint>
#include <span>

namespace hardened::fuzz {
void HARDENED_FUZZ_TARGET(std::span<const std::uint8_t> input);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hardened::fuzz::HARDENED_FUZZ_TARGET({data, size});
  return 0;
}
