// SPDX-License-Identifier: Apache-2.0
#include "calls.hpp"

#include <sstream>
#include <stdexcept>

namespace hardened::probe {
namespace {

constexpr long kX32Bit = 0x40000000;

long native(long number, const Registers& r) {
  long answer = 0;
  register unsigned long fourth asm("r10") = r[3];
  register unsigned long fifth asm("r8") = r[4];
  register unsigned long sixth asm("r9") = r[5];
  asm volatile("syscall"
               : "=a"(answer)
               : "a"(number), "D"(r[0]), "S"(r[1]), "d"(r[2]), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return answer;
}

// Out of 64-bit code too, int 0x80 is the door of i386. Below the stack pointer lies the compiler's
// red zone.
long compatible(long number, const Registers& r) {
  int answer = 0;
  register unsigned long sixth asm("r12") = r[5] & 0xffffffff;
  asm volatile(
      "lea -128(%%rsp), %%rsp\n\t"
      "push %%rbp\n\t"
      "mov %%r12, %%rbp\n\t"
      "int $0x80\n\t"
      "pop %%rbp\n\t"
      "lea 128(%%rsp), %%rsp"
      : "=a"(answer)
      : "a"(static_cast<int>(number)), "b"(r[0] & 0xffffffff), "c"(r[1] & 0xffffffff),
        "d"(r[2] & 0xffffffff), "S"(r[3] & 0xffffffff), "D"(r[4] & 0xffffffff), "r"(sixth)
      : "r8", "r9", "r10", "r11", "memory", "cc");
  return answer;
}

std::optional<Entry> entry_of(std::string_view name) {
  for (const Entry entry : kEntries) {
    if (name_of(entry) == name) return entry;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Entry entry) {
  switch (entry) {
    case Entry::x86_64:
      return "x86-64";
    case Entry::x32:
      return "x32";
    case Entry::i386:
      return "i386";
  }
  return "";
}

long call(Entry entry, long number, const Registers& registers) {
  switch (entry) {
    case Entry::x86_64:
      return native(number, registers);
    case Entry::x32:
      return native(number | kX32Bit, registers);
    case Entry::i386:
      return compatible(number, registers);
  }
  return 0;
}

Numbers Numbers::read(std::istream& input) {
  Numbers numbers;
  for (std::string line; std::getline(input, line);) {
    std::istringstream words(line);
    std::string kind, door;
    Numbered each{};
    words >> kind >> door >> each.number >> each.name;
    std::getline(words >> std::ws, each.group);
    const std::optional<Entry> entry = entry_of(door);
    if (kind != "call" || !entry || each.group.empty())
      throw std::runtime_error("not a call: " + line);
    each.entry = *entry;
    numbers.all_.push_back(std::move(each));
  }
  return numbers;
}

std::optional<long> Numbers::find(Entry entry, std::string_view name) const {
  for (const Numbered& each : all_) {
    if (each.entry == entry && each.name == name) return each.number;
  }
  return std::nullopt;
}

}  // namespace hardened::probe
