// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/facts.hpp"

namespace hardened {

Json to_json(const Facts&) { return Json::object(); }
Facts facts_from_json(const Json&) { return {}; }

}  // namespace hardened
