// SPDX-License-Identifier: Apache-2.0
#include "core/plan_json.hpp"

namespace hardened {

Json refusals_json(const std::vector<Refusal>& refusals) {
  Json array = Json::array();
  for (const Refusal& refusal : refusals) {
    array.push_back({{"rule", refusal.rule},
                     {"pointer", refusal.pointer},
                     {"asked", refusal.asked},
                     {"reference", refusal.reference},
                     {"setting", refusal.setting}});
  }
  return array;
}

Json degraded_json(const std::vector<Degradation>& degraded) {
  Json array = Json::array();
  for (const Degradation& one : degraded) {
    array.push_back({{"rule", one.rule}, {"pointer", one.pointer}, {"what", one.what}});
  }
  return array;
}

}  // namespace hardened
