// SPDX-License-Identifier: Apache-2.0
// Walks mount destinations as the runtime will (securejoin in the rootfs, through the mounts before
// them), on held objects and before anything is mounted. Refuses what cannot be told beforehand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/shell/looker.hpp"

namespace hardened {

class Destinations {
 public:
  // `root`: the rootfs, held by the caller for as long as this lives.
  Destinations(Looker& looker, int root) : looker_(looker), root_(root) {}

  struct Place {
    std::string path;
    bool linked = false;  // a link inside an earlier bind was followed
  };
  // Throws Error(refused) for endless links and for ways that a plain bind hides.
  Place resolve(std::string_view destination);

  // What the runtime mounts there next: a bind of what `source` holds, or something fresh and
  // empty.
  enum class Whose { own_rootfs, anybody };
  void bind(const std::string& place, int source, bool recursive, Whose whose);
  void fresh(const std::string& place) { laid_.push_back({place, {}, {}, Whose::anybody}); }

 private:
  struct Laid {
    std::string place;
    std::optional<int> source;
    std::optional<std::uint64_t> only;  // the one mount that a plain bind takes along
    Whose whose = Whose::anybody;
  };
  struct Link {
    std::string target;
    bool linked = false;
  };
  const Laid* covering(const std::string& path) const;
  std::optional<Link> link_at(const std::string& path);

  Looker& looker_;
  int root_;
  std::vector<Laid> laid_;
};

}  // namespace hardened
