// SPDX-License-Identifier: Apache-2.0
// The three doors into an x86-64 kernel, and which number a call has behind each.
#pragma once

#include <array>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hardened::probe {

enum class Entry { x86_64, x32, i386 };

inline constexpr std::array kEntries = {Entry::x86_64, Entry::x32, Entry::i386};

std::string_view name_of(Entry entry);

// What a register may hold that the kernel does not read, where it takes an int out of 64 bits.
inline constexpr unsigned long kHigh = 0xdeadbeef00000000;

// Registers of i386 have no upper half.
constexpr bool has_high_bits(Entry entry) { return entry != Entry::i386; }

using Registers = std::array<unsigned long, 6>;

// The kernel's answer: a value or -errno. By i386 only the lower half of each register arrives.
long call(Entry entry, long number, const Registers& registers = {});

// A pointer as a register; what it points to must be static (CMakeLists.txt says why) to be seen by
// i386.
template <typename T>
unsigned long address(const T* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// One call of the table that the tests hand over: `call ENTRY NUMBER NAME GROUP`, from the profile
// that the container gets and from libseccomp's own tables, so that no number is written down here.
struct Numbered {
  Entry entry;
  long number;
  std::string name;
  std::string group;  // `open`: not to be tried by itself
};

class Numbers {
 public:
  // Throws std::runtime_error for a line that it does not understand.
  static Numbers read(std::istream& input);

  std::optional<long> find(Entry entry, std::string_view name) const;
  const std::vector<Numbered>& all() const { return all_; }

 private:
  std::vector<Numbered> all_;
};

}  // namespace hardened::probe
