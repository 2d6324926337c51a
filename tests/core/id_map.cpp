// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/id_map.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

const std::vector<IdMapping> kTwo{{0, 100000, 1000}, {5000, 4294900000, 10}};

TEST(IdMap, WhatTheKernelWritesIsReadBack) {
  EXPECT_EQ(parse_id_map("         0     100000       1000\n      5000 4294900000         10\n"),
            kTwo);
  EXPECT_EQ(parse_id_map(id_map_text(kTwo)), kTwo);
  EXPECT_EQ(id_map_text({{0, 1879048192, 65536}}), "0 1879048192 65536\n");
  EXPECT_TRUE(parse_id_map("").empty());
}

TEST(IdMap, TextThatNoKernelWritesIsRefused) {
  for (const char* text : {"0 1\n", "0 1 2 3\n", "a b c\n", "0 1 4294967296\n", "0 1 2\n\n"}) {
    try {
      parse_id_map(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
      EXPECT_EQ(error.pointer(), "");
    }
  }
}

TEST(IdMap, AnIdIsTheHostsBehindItOrNone) {
  EXPECT_EQ(host_id(kTwo, 0), 100000U);
  EXPECT_EQ(host_id(kTwo, 999), 100999U);
  EXPECT_EQ(host_id(kTwo, 5009), 4294900009U);
  EXPECT_EQ(host_id(kTwo, 1000), std::nullopt);
  EXPECT_EQ(host_id(kTwo, 5010), std::nullopt);
  EXPECT_EQ(host_id({}, 0), std::nullopt);
}

TEST(IdMap, OverlapIsCountedBeyond32Bits) {
  EXPECT_TRUE(overlap(kTwo, {100999, 1}));
  EXPECT_FALSE(overlap(kTwo, {101000, 10}));
  EXPECT_TRUE(overlap(kTwo, {4294900009, 0xFFFFFFFF}));
  EXPECT_FALSE(overlap(kTwo, {4294900010, 0xFFFFFFFF}));
  EXPECT_FALSE(overlap(kTwo, {0, 0}));
}

TEST(IdMap, ThePoolIsThePolicysAndKeepsClearOfOthers) {
  const Profile standard = Policy::builtin().profile("standard");
  const Json& settings = standard.settings("user-namespace");
  const IdRange pool = id_pool(settings);
  EXPECT_EQ(first_range(settings), (IdRange{pool.first, 65536}));
  EXPECT_GT(pool.first, 600100000U);   // useradd's subuids
  EXPECT_GT(pool.first, 0x6FFF0000U);  // systemd-nspawn's and portable services'
  EXPECT_LE(std::uint64_t{pool.first} + pool.size,
            2147483647U);  // Podman's own, and signed readers
  EXPECT_EQ(first_range(Json::parse(R"({"pool": {"first_id": 5, "size": 9}, "range_size": 10})")),
            IdRange{});
}

TEST(IdMap, MappingsOfADocumentThatNoKernelTakesAreLeftOut) {
  EXPECT_EQ(id_map_from_json(to_json(kTwo)), kTwo);
  EXPECT_TRUE(id_map_from_json(Json::parse(R"([{"containerID": -1, "hostID": 1, "size": 1},
      {"containerID": 0, "hostID": 4294967296, "size": 1}, {"containerID": 0}])"))
                  .empty());
}

TEST(IdMap, WithoutMappingsEveryIdIsTheContainers) {
  EXPECT_TRUE(maps_id(Json::array(), 4000000000));
  EXPECT_TRUE(maps_id(to_json(kTwo), 999));
  EXPECT_FALSE(maps_id(to_json(kTwo), 1000));
  EXPECT_FALSE(maps_id(to_json(kTwo), -1));
  EXPECT_EQ(mapped_ids(to_json(kTwo)), "0 to 999, 5000 to 5009");
}

// A message names range_size for an id only where the schema lets it be that large.
TEST(IdMap, ARangeHoldsWhatTheSchemaAllows) {
  const Json schema = document_of(HARDENED_SOURCE "/defaults/policy.schema.json");
  const auto largest =
      schema.at("/$defs/rules/properties/user-namespace/properties/range_size/maximum"_json_pointer)
          .get<std::int64_t>();
  EXPECT_TRUE(fits_a_range(0) && fits_a_range(largest - 1));
  EXPECT_FALSE(fits_a_range(-1) || fits_a_range(largest));
}

}  // namespace
}  // namespace hardened
