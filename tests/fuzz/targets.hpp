// SPDX-License-Identifier: Apache-2.0
// The functions that are fuzzed, one a file: bytes that an attacker chose. An Error is an answer;
// anything else that is thrown, and each broken invariant, ends the process that fuzzes.
#pragma once

#include <span>
#include <string_view>

#include "hardened/core/json.hpp"
#include "invariants.hpp"

namespace hardened::fuzz {

using Input = std::span<const std::uint8_t>;

void argv(Input input);
void document(Input input);
void mountinfo(Input input);
void policy(Input input);
void process(Input input);
void resources(Input input);
void rewrite(Input input);
void seccomp(Input input);
void status(Input input);

struct Target {
  std::string_view name;
  void (*run)(Input);
};
inline constexpr Target kTargets[] = {
    {"argv", argv},       {"document", document}, {"mountinfo", mountinfo},
    {"policy", policy},   {"process", process},   {"resources", resources},
    {"rewrite", rewrite}, {"seccomp", seccomp},   {"status", status}};

inline std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// Input that begins with a brace is a document as text; other input is decisions, by which
// `generate` makes one. nullopt: text that is refused.
std::optional<Json> document_of(Input input, Json (*generate)(property::Choices&));

// Throws std::logic_error with all that is broken.
void require_whole(const property::Outcome& outcome);
[[noreturn]] void fail(std::string_view what);

// Of a container that standard let through.
const Profile& standard();
const Facts& usual_facts();
const Json& container();

}  // namespace hardened::fuzz
