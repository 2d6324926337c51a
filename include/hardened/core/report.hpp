// SPDX-License-Identifier: Apache-2.0
// A plan in the forms that people and machines read. Strings from documents are escaped.
#pragma once

#include <string>

#include "hardened/core/plan.hpp"

namespace hardened {

enum class ReportFormat { config, diff, patch, table, json };
enum class Colour { no, yes };

// config: the rewritten document, indented. diff: unified, of both documents indented. patch: RFC
// 6902. table: rule, before, after, reference. json: config, changes, refusals, reported,
// unverified.
std::string report(const Json& original, const Plan& plan, ReportFormat format, Colour colour,
                   std::size_t columns);

}  // namespace hardened
