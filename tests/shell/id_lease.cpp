// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/id_lease.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>

#include "fake_kernel.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

constexpr IdPool kPool{{1900544000, 4 * 65536}, 65536};

class Leases : public ::testing::Test {
 protected:
  Leases() {
    environment.state = directory / "state";
    root = directory / "root";
    fs::create_directory(root);
  }
  ContainerKey key(const std::string& id) const { return {root, id}; }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory / "state/ids")) {
      ++count;
    }
    return count;
  }

  // No destructor runs, as none does after execve.
  [[noreturn]] void become_container(const std::string& id, const std::optional<IdMaps>& joined,
                                     int report) {
    IdLease lease(kernel, environment, key(id));
    IdRange range{};
    if (joined) {
      lease.hold_only(joined);
    } else {
      range = lease.take(kPool);
      lease.hold_only(maps_of(range));
    }
    fs::create_directories(root + "/" + id);
    ::_exit(::write(report, &range, sizeof range) == sizeof range ? 0 : 1);
  }

  // A creator that becomes its runtime, which keeps the container, and ends.
  IdRange create(const std::string& id, const std::optional<IdMaps>& joined = {}) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        become_container(id, joined, ends[1]);
      } catch (const std::exception& error) {
        dprintf(2, "%s\n", error.what());
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    IdRange range{};
    EXPECT_EQ(::read(ends[0], &range, sizeof range), static_cast<ssize_t>(sizeof range));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return range;
  }
  void remove(const std::string& id) { fs::remove_all(root + "/" + id); }

  FakeKernel kernel;
  TemporaryDirectory directory;
  Environment environment;
  std::string root;
};

TEST_F(Leases, TwoContainersNeverShareAnId) {
  IdLease one(kernel, environment, key("one"));
  IdLease other(kernel, environment, key("other"));
  const IdRange first = one.take(kPool);
  const IdRange second = other.take(kPool);
  EXPECT_NE(first.first, second.first);
  for (const IdRange& range : {first, second}) {
    EXPECT_EQ(range.size, 65536U);
    EXPECT_GE(range.first, kPool.ids.first);
    EXPECT_LE(range.first + range.size, kPool.ids.first + kPool.ids.size);
  }
}

TEST_F(Leases, ThePoolIsGivenOutToTheLastRange) {
  std::set<std::uint32_t> given;
  for (const char* id : {"a", "b", "c", "d"}) given.insert(create(id).first);
  EXPECT_EQ(given.size(), 4U);
  IdLease late(kernel, environment, key("e"));
  EXPECT_EQ(late.take(kPool).size, 0U);
  remove("c");
  EXPECT_TRUE(given.contains(late.take(kPool).first)) << "what a dead container held";
}

TEST_F(Leases, IdsThatADocumentBringsAreNoLivingContainersWhateverThePool) {
  const IdRange given = create("one");
  IdLease lease(kernel, environment, key("thief"));
  EXPECT_NO_THROW(lease.require_not_ours({}, {}));
  const IdMaps others = maps_of({given.first + 65536 * 8, 65536});
  EXPECT_NO_THROW(lease.require_not_ours(others, {}));
  const IdMaps one_group{{}, {{0, given.first + 7, 1}}};
  for (const IdMaps& maps : {maps_of(given), one_group}) {
    EXPECT_EQ(error_of([&] { lease.require_not_ours(maps, {}); }).kind(), ErrorKind::refused);
  }
  remove("one");
  EXPECT_NO_THROW(lease.require_not_ours(maps_of(given), {}));
  const std::vector<IdRange> pools{{given.first + 65536 * 4, 65536 * 8}};
  EXPECT_EQ(error_of([&] { lease.require_not_ours(others, pools); }).kind(), ErrorKind::refused)
      << "the next container may be given them";
}

TEST_F(Leases, ALeaseEndsWithItsObjectWhereExecveDoesNotCome) {
  {
    IdLease lease(kernel, environment, key("one"));
    lease.take(kPool);
    EXPECT_EQ(files(), 1U);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(Leases, AContainerThatIsStartedAgainGetsItsRangeAgain) {
  const IdRange before = create("one");
  create("two");
  remove("one");
  EXPECT_EQ(create("one").first, before.first);
  EXPECT_EQ(files(), 2U);
}

TEST_F(Leases, TheNextOneReclaimsWhatTheDeadHeld) {
  create("one");
  create("two");
  remove("one");
  remove("two");
  create("three");
  EXPECT_EQ(files(), 1U);
}

TEST_F(Leases, ARuntimesStateAloneKeepsTheRange) {
  const IdRange one = create("one");
  for (const char* id : {"a", "b", "c"}) EXPECT_NE(create(id).first, one.first);
}

TEST_F(Leases, WhoJoinedKeepsTheRangeLeasedAfterTheOwnerIsGone) {
  const IdRange owner = create("owner");
  create("guest", maps_of(owner));
  remove("owner");
  for (const char* id : {"a", "b", "c"}) EXPECT_NE(create(id).first, owner.first);
  remove("guest");
  EXPECT_EQ(create("d").first, owner.first);
}

TEST_F(Leases, WhatThePlanDoesNotUseIsGivenBack) {
  IdLease lease(kernel, environment, key("one"));
  lease.take(kPool);
  lease.hold_only(std::nullopt);
  EXPECT_EQ(files(), 0U);
}

TEST_F(Leases, ARangeOfAnotherSizeTakesAllItsBlocks) {
  IdLease wide(kernel, environment, key("wide"));
  const IdRange range = wide.take({kPool.ids, 3 * 65536});
  EXPECT_EQ(range.size, 3U * 65536U);
  EXPECT_EQ(files(), 3U);
  IdLease narrow(kernel, environment, key("narrow"));
  const IdRange other = narrow.take(kPool);
  EXPECT_TRUE(other.first + other.size <= range.first || other.first >= range.first + range.size);
}

TEST_F(Leases, AFileThatIsNotOurWritingIsLeftAloneAndItsRangeNotGiven) {
  const IdRange one = create("one");
  remove("one");
  put(environment.state + "/ids/" + std::to_string(one.first / 65536) + ".json", "{rubbish");
  EXPECT_NE(create("one").first, one.first);
  EXPECT_EQ(text_of(environment.state + "/ids/" + std::to_string(one.first / 65536) + ".json"),
            "{rubbish");
}

TEST_F(Leases, AThousandAtOnceNeverShareAnId) {
  constexpr int kWorkers = 8;
  constexpr int kEach = 125;
  const IdPool pool{{1900544000, 2000 * 65536U}, 65536};
  std::vector<pid_t> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.push_back(::fork());
    if (workers.back() != 0) continue;
    std::string text;
    for (int index = 0; index < kEach; ++index) {
      const std::string id = std::to_string(worker) + "-" + std::to_string(index);
      auto* lease = new IdLease(kernel, environment, key(id));  // never destroyed, as by execve
      text += std::to_string(lease->take(pool).first) + "\n";
      fs::create_directories(root + "/" + id);
    }
    put(directory / ("taken" + std::to_string(worker)), text);
    ::_exit(0);
  }
  for (const pid_t worker : workers) ::waitpid(worker, nullptr, 0);
  std::set<std::string> taken;
  for (int worker = 0; worker < kWorkers; ++worker) {
    std::istringstream lines(text_of(directory / ("taken" + std::to_string(worker))));
    for (std::string line; std::getline(lines, line);) taken.insert(line);
  }
  EXPECT_EQ(taken.size(), static_cast<std::size_t>(kWorkers * kEach));
}

TEST_F(Leases, AFailureAtAnyStepLeavesNoLeaseBehind) {
  std::size_t calls = 0;
  {
    IdLease lease(kernel, environment, key("one"));
    kernel.calls.clear();
    lease.take(kPool);
    calls = kernel.calls.size();
  }
  ASSERT_GT(calls, 5U);
  for (std::size_t call = 0; call < calls; ++call) {
    FakeKernel faulty;
    try {
      IdLease lease(faulty, environment, key("one"));
      faulty.fail_at = faulty.calls.size() + call;
      lease.take(kPool);
      break;  // fewer calls than the first time, for the directories are there
    } catch (const Error&) {
      // Where it fails does not matter, what is left does.
    }
    EXPECT_EQ(files(), 0U) << "after a failure of call " << call;
  }
}

}  // namespace
}  // namespace hardened
