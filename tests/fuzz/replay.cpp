// SPDX-License-Identifier: Apache-2.0
// Every input of the corpora, and every crash that was once found, in this build: no clang needed.
// corpus/TARGET/* and crashes/TARGET/*.
#include <gtest/gtest.h>

#include "core/files.hpp"
#include "targets.hpp"

namespace hardened::fuzz {
namespace {

std::vector<std::filesystem::path> inputs_of(std::string_view target) {
  std::vector<std::filesystem::path> found;
  for (const char* kind : {"fuzz/corpus", "fuzz/crashes"}) {
    const std::filesystem::path directory = below_tests(kind) / target;
    if (!std::filesystem::exists(directory)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, BreaksNothing) {
  const std::vector<std::filesystem::path> inputs = inputs_of(GetParam().name);
  EXPECT_GT(inputs.size(), 5U);
  for (const std::filesystem::path& path : inputs) {
    const std::string text = ::hardened::text_of(path);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    EXPECT_NO_THROW(GetParam().run({bytes, text.size()})) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Replay, testing::ValuesIn(kTargets),
                         [](const auto& param) { return std::string(param.param.name); });

// A target that takes whatever comes would replay well too.
TEST(Targets, EndWhereAnInvariantIsBroken) {
  property::Outcome outcome;
  EXPECT_NO_THROW(require_whole(outcome));
  outcome.broken.push_back({"never-weaker", "x"});
  EXPECT_THROW(require_whole(outcome), std::logic_error);
}

}  // namespace
}  // namespace hardened::fuzz
