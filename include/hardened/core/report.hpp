// SPDX-License-Identifier: Apache-2.0
// A plan in the forms that people and machines read. Strings from documents are escaped.
#pragma once

#include <string>

#include "hardened/core/plan.hpp"
#include "hardened/core/table.hpp"

namespace hardened {

enum class ReportFormat { config, diff, patch, table, json };

struct ReportStyle {
  Colour colour = Colour::no;
  std::size_t columns = 0;               // of the terminal; 0: none, one line for each change
  std::string document = "config.json";  // what a diff's header calls it
  IdRange example = {};  // host ids in the place of those that a create draws; size 0: none are
};

// config: the rewritten document, indented. diff: unified, of both documents indented. patch: RFC
// 6902. table: rule, before, after, reference. json: config, changes, refusals, reported,
// unverified. Nothing is cut, but in a table without a terminal: there a long value is told by its
// size.
std::string report(const Json& original, const Plan& plan, ReportFormat format,
                   const ReportStyle& style = {});

}  // namespace hardened
