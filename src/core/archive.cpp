// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/archive.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace hardened {
namespace {

constexpr std::size_t kBlock = 512;

// Octal digits and a NUL fill the field, as POSIX has it.
void put_number(std::string& header, std::size_t at, int width, std::uint64_t value) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%0*llo", width - 1,
                static_cast<unsigned long long>(value));
  header.replace(at, static_cast<std::size_t>(width - 1), digits.data());
}

}  // namespace

std::string archive_of(std::string_view name, std::string_view content) {
  std::string header(kBlock, '\0');
  header.replace(0, name.size(), name);
  put_number(header, 100, 8, 0755);             // mode
  put_number(header, 108, 8, 0);                // uid
  put_number(header, 116, 8, 0);                // gid
  put_number(header, 124, 12, content.size());  // size
  put_number(header, 136, 12, 0);               // mtime
  header[156] = '0';                            // a regular file
  header.replace(257, 8, std::string("ustar\00000", 8));
  // The sum is made with blanks in its own place.
  header.replace(148, 8, 8, ' ');
  std::uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  put_number(header, 148, 7, sum);
  header[154] = '\0';
  std::string archive = header.append(content);
  archive.resize((archive.size() + kBlock - 1) / kBlock * kBlock);
  return archive.append(2 * kBlock, '\0');
}

}  // namespace hardened
