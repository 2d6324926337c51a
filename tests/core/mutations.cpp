// SPDX-License-Identifier: Apache-2.0
// The invariants over documents that no engine wrote: members of real ones deleted, duplicated and
// replaced by values of the right type, from a fixed seed. HARDENED_FUZZ_DOCUMENTS=N tries more.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;
using Pointer = Json::json_pointer;

constexpr int kShards = 1;

Json read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_document(text.str());
}

std::vector<Json> documents() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/config")) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<Json> all;
  for (const fs::path& path : found) all.push_back(read(path));
  return all;
}

Facts facts() {
  return facts_from_json(parse_document(R"({"host": {"memory_bytes": 8589934592, "cpus": 4,
    "apparmor": true, "apparmor_profiles": ["docker-default"],
    "id_range": {"first": 1879048192, "size": 65536}}})"));
}

// Every place below `value` that is there, by its pointer.
void places_of(const Json& value, const std::string& pointer, std::vector<std::string>& places) {
  for (const auto& [key, member] : value.items()) {
    const std::string place =
        value.is_array() ? join(pointer, std::stoul(key)) : join(pointer, key);
    places.push_back(place);
    if (member.is_structured()) places_of(member, place, places);
  }
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed)
      : random_(seed), fields_(read(HARDENED_SOURCE "/defaults/fields.json")) {
    for (const auto& [pattern, field] : fields_.items()) patterns_.push_back(pattern);
  }

  std::size_t below(std::size_t count) { return random_() % count; }

  Json mutated(Json document) {
    for (std::size_t left = 1 + below(4); left > 0; --left) {
      if (below(2) == 0) {
        change_what_is_there(document);
      } else {
        put_field(document);
      }
    }
    return document;
  }

 private:
  template <typename List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

  void change_what_is_there(Json& document) {
    std::vector<std::string> places;
    places_of(document, "", places);
    if (places.empty()) return;
    const std::string place = one_of(places);
    const Pointer pointer{place};
    Json& parent = document.at(pointer.parent_pointer());
    switch (below(3)) {
      case 0:
        if (parent.is_array()) {
          parent.erase(std::stoul(pointer.back()));
        } else {
          parent.erase(pointer.back());
        }
        return;
      case 1:
        if (parent.is_array()) parent.push_back(Json(document.at(pointer)));
        return;
      default:
        document.at(pointer) = like(document.at(pointer));
    }
  }

  // A field of the table at a place that is there, or a new element or key.
  void put_field(Json& document) {
    const std::string& pattern = one_of(patterns_);
    const std::string type = fields_.at(pattern).at("type");
    Json* place = &document;
    std::istringstream tokens(pattern.substr(1));
    for (std::string token; std::getline(tokens, token, '/');) {
      if (token == "*" && place->is_array()) {
        if (place->empty()) place->push_back(Json::object());
        place = &(*place)[below(place->size())];
      } else {
        if (!place->is_object()) *place = Json::object();
        place = &(*place)[token == "*" ? word() : token];
      }
    }
    *place = of_type(type);
  }

  Json of_type(const std::string& type) {
    const std::string of = type.substr(type.rfind(' ') + 1);
    if (type.starts_with("array of ")) {
      Json array = Json::array();
      for (std::size_t left = below(3); left > 0; --left) array.push_back(of_type(of));
      return array;
    }
    if (type.starts_with("map of ")) return {{word(), of_type(of)}};
    if (type == "string") return word();
    if (type == "boolean") return below(2) == 0;
    if (type == "object") return Json::object();
    return number();
  }

  Json like(const Json& value) {
    if (value.is_string()) return word();
    if (value.is_boolean()) return !value.get<bool>();
    if (value.is_number()) return number();
    return value.is_array() ? Json::array() : Json::object();
  }

  std::string word() {
    static constexpr const char* kWords[] = {"",
                                             "/",
                                             "..",
                                             "/proc",
                                             "/proc/self/fd/7",
                                             "/sys/x",
                                             "/dev",
                                             "/dev/null",
                                             "/etc",
                                             "/var/lib/docker",
                                             "/run/docker.sock",
                                             "/mnt/x",
                                             "/mnt/../etc",
                                             "/data",
                                             "bind",
                                             "rbind",
                                             "rshared",
                                             "suid",
                                             "dev",
                                             "rw",
                                             "rro",
                                             "remount",
                                             "tmpfs",
                                             "overlay",
                                             "proc",
                                             "cgroup2",
                                             "mqueue",
                                             "max",
                                             "010",
                                             "1K",
                                             "unconfined",
                                             "docker-default",
                                             "u:r:spc_t:s0",
                                             "CAP_SYS_ADMIN",
                                             "CAP_CHOWN",
                                             "network",
                                             "pid",
                                             "user",
                                             "time",
                                             "mount",
                                             "SCMP_ACT_ALLOW",
                                             "SCMP_ACT_LOG",
                                             "SCMP_ACT_ERRNO",
                                             "SCMP_CMP_MASKED_EQ",
                                             "SCMP_ARCH_X86",
                                             "clone",
                                             "socket",
                                             "bpf",
                                             "ioctl",
                                             "RLIMIT_CORE",
                                             "RLIMIT_NPROC",
                                             "RLIMIT_RTPRIO",
                                             "a",
                                             "b",
                                             "c",
                                             "p",
                                             "rwm",
                                             "m",
                                             "pids.max",
                                             "memory.max",
                                             "memory.low",
                                             "cpu.weight",
                                             "cgroup.procs",
                                             "kernel.core_pattern",
                                             "net.ipv4.tcp_syncookies",
                                             "run.oci.handler",
                                             "bundle",
                                             "system.slice:a:b",
                                             "SCHED_FIFO",
                                             "IOPRIO_CLASS_RT",
                                             "libnetwork-setkey",
                                             "LD_PRELOAD=/x",
                                             "/usr/bin/dockerd",
                                             "x"};
    return one_of(kWords);
  }

  Json number() {
    static const Json kNumbers[] = {0,
                                    1,
                                    -1,
                                    3,
                                    5,
                                    8,
                                    10,
                                    100,
                                    1000,
                                    1024,
                                    1025,
                                    4096,
                                    65535,
                                    65536,
                                    100000,
                                    4294967295,
                                    std::int64_t{1} << 40,
                                    std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::uint64_t>::max()};
    return one_of(kNumbers);
  }

  std::mt19937_64 random_;
  Json fields_;
  std::vector<std::string> patterns_;
};

class Mutations : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const char* more = std::getenv("HARDENED_FUZZ_DOCUMENTS");
    count_ = (more == nullptr ? 300U : std::stoul(more)) / kShards;
  }

  // What must hold of one document, whatever it is: an Error is an answer, anything else a defect.
  void judge(const Json& document, const Profile& profile, const Facts& seen) {
    Plan once;
    try {
      check_fields(document, DocumentKind::config, profile.unlisted_fields());
      once = make_plan(document, profile, seen, "");
    } catch (const Error&) {
      return;
    }
    if (!once.refusals.empty()) return;
    ++through_;
    EXPECT_NO_THROW(verify_plan(document, once, profile, seen));
    const Plan twice = make_plan(once.config, profile, seen, "");
    EXPECT_EQ(twice.config, once.config) << Json::diff(once.config, twice.config);
    EXPECT_TRUE(twice.refusals.empty() && twice.changes.empty());
    EXPECT_EQ(once.config.value("vnd.mark", Json()), document.value("vnd.mark", Json()));
  }

  std::size_t count_ = 0;
  std::size_t through_ = 0;
};

TEST_P(Mutations, KeepTheInvariants) {
  const std::vector<Json> originals = documents();
  const Policy policy = Policy::builtin();
  const std::vector<std::string> names{"standard", "strict", "build"};
  const Facts seen = facts();
  Mutator mutator(1700 + static_cast<std::uint64_t>(GetParam()));
  for (std::size_t done = 0; done < count_; ++done) {
    const Json& original = originals[mutator.below(originals.size())];
    const std::string& name = names[mutator.below(names.size())];
    Json document = mutator.mutated(original);
    // strict refuses a field that nobody listed.
    if (name != "strict") document["vnd.mark"] = Json::parse(R"([1, 2.5, 18446744073709551615])");
    SCOPED_TRACE(name + " " + Json::diff(original, document).dump());
    ASSERT_NO_THROW(judge(document, policy.profile(name), seen));
    ASSERT_FALSE(HasFailure());
  }
  // A run in which everything is refused would show nothing.
  EXPECT_GT(through_, count_ / 50);
}

INSTANTIATE_TEST_SUITE_P(Shard, Mutations, testing::Range(0, kShards));

}  // namespace
}  // namespace hardened
