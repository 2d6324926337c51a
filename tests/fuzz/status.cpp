// SPDX-License-Identifier: Apache-2.0
// What /proc says of a container's first process, which chose its own name: seven files, separated
// by NUL.
#include <array>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/error.hpp"
#include "targets.hpp"

namespace hardened::fuzz {

void status(Input input) {
  std::array<std::string, 7> files;
  std::size_t file = 0;
  for (const char letter : text_of(input)) {
    if (letter != '\0') {
      files[file] += letter;
    } else if (++file == files.size()) {
      break;
    }
  }
  try {
    const Ceiling ceiling =
        ceiling_of(InitStatus{files[0], files[1], files[2], files[3], files[4], files[5], files[6]},
                   standard());
    // Never more than the profile keeps.
    const Json& keep = standard().settings("capabilities").at("keep");
    for (const Json& name : ceiling.json.at("capabilities")) {
      if (std::find(keep.begin(), keep.end(), name) == keep.end()) fail("more than the profile");
    }
    property::Choices simplest{Input()};
    plan_exec(property::process_document(simplest), ceiling);
  } catch (const Error&) {
    // An answer.
  }
}

}  // namespace hardened::fuzz
