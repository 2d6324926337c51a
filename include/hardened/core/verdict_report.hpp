// SPDX-License-Identifier: Apache-2.0
// Judgements for people and programs: text, JSON, one page of HTML. Whatever comes from a container
// is made harmless for where it is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/judge.hpp"
#include "hardened/core/report.hpp"

namespace hardened::judging {

struct VerdictStyle {
  Colour colour = Colour::no;
  std::size_t columns = 0;  // of the terminal; 0: none, one line for each check
  std::string time = {};    // "2026-11-28 06:12 UTC"; empty: left out
  std::string host = {};    // its name
};

// One table for each container; of several, first one with all side by side.
std::string verdict_text(const std::vector<Judgement>& judgements, const VerdictStyle& style);

// {"containers": [{"id", "name", "init", "worst", "items": [...], "pod_security": {...}}, ...]}
std::string verdict_json(const std::vector<Judgement>& judgements, const VerdictStyle& style);

// Needs nothing from anywhere: no script, no font, no image; its policy forbids all of them.
std::string verdict_html(const std::vector<Judgement>& judgements, const VerdictStyle& style);

// "web", else the first twelve characters of the id, else "pid 4711".
std::string short_name(const ContainerSighting& container);

}  // namespace hardened::judging
