// SPDX-License-Identifier: Apache-2.0
// Standard input, output and error, given to the container's root as far as they are pipes or
// sockets: a server that opens /dev/stdout anew would else get EACCES. Terminals, files and FIFOs
// that have a name stay whose they are.
#pragma once

#include <optional>
#include <vector>

#include "hardened/core/id_map.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// The container's root as the host sees it. Throws Error(unsupported) where the maps have none.
FileSystemIds root_of(const IdMaps& maps);

class StandardStreams {
 public:
  StandardStreams(Kernel& kernel, const std::optional<IdMaps>& maps);  // absent: nothing is given
  ~StandardStreams();                                                  // gives them back
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;

 private:
  struct Given {
    int number;
    FileSystemIds before;
  };
  Kernel& kernel_;
  std::vector<Given> given_;
};

}  // namespace hardened
