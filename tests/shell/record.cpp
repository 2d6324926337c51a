// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/record.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <set>

#include "record_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class Records : public RecordFixture {
 protected:
  // A record whose creator is `pid`, as a container created earlier left it.
  void leave(const std::string& id, int pid, std::uint64_t start = 1) {
    const ContainerKey other{key.root, id};
    RecordWriter(kernel, environment, other, record).commit();
    Json json = parse_document(text_of(file(id)));
    json["creator"]["pid"] = pid;
    json["creator"]["start"] = start;
    put(file(id), json.dump());
  }
  static int dead_pid() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
  }
  std::set<std::string> ids() {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory_of_root())) {
      found.insert(entry.path().stem());
    }
    return found;
  }
};

TEST_F(Records, WhatWasWrittenIsRead) {
  EXPECT_FALSE(read_record(kernel, environment, key).has_value());
  write();
  const auto read = read_record(kernel, environment, key);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->profile, "standard");
  EXPECT_EQ(read->bundle, "/bundle");
  EXPECT_EQ(read->ceiling.json, record.ceiling.json);
  EXPECT_EQ(read->digest, record.digest);
  EXPECT_EQ(read->creator_pid, ::getpid());
  EXPECT_GT(read->creator_start, 0U);
}

TEST_F(Records, OnlyTheOwnerCanReadThemWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    fs::remove_all(environment.state);
    const mode_t before = ::umask(mask);
    { RecordWriter(kernel, environment, key, record).commit(); }
    ::umask(before);
    const auto mode = [](const std::string& path) {
      struct stat status {};
      return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0U;
    };
    EXPECT_EQ(mode(environment.state), 0711U);
    EXPECT_EQ(mode(environment.state + "/records"), 0700U);
    EXPECT_EQ(mode(directory_of_root()), 0700U);
    EXPECT_EQ(mode(file()) & 0177, 0U);
  }
}

TEST_F(Records, WithoutCommitOrAfterUndoThereIsNone) {
  { const RecordWriter writer(kernel, environment, key, record); }
  EXPECT_FALSE(read_record(kernel, environment, key).has_value());
  RecordWriter writer(kernel, environment, key, record);
  writer.commit();
  writer.undo();
  EXPECT_FALSE(read_record(kernel, environment, key).has_value());
}

TEST_F(Records, TheSameIdBelowAnotherRootIsAnotherContainer) {
  write();
  EXPECT_FALSE(read_record(kernel, environment, {directory / "other", "c1"}).has_value());
  // "%2F" in a root is not the slash of another one.
  EXPECT_FALSE(
      read_record(kernel, environment,
                  {"/" + directory_of_root().substr(directory_of_root().rfind("/") + 4), "c1"})
          .has_value());
}

TEST_F(Records, AnIdThatIsAPathIsRefused) {
  for (const char* id : {"../c1", "a/b", "", "%new"}) {
    const ContainerKey bad{key.root, id};
    EXPECT_EQ(error_of([&] { RecordWriter(kernel, environment, bad, record); }).kind(),
              ErrorKind::usage)
        << id;
  }
  EXPECT_EQ(error_of([&] {
              RecordWriter(kernel, environment, {"relative", "c1"}, record);
            }).kind(),
            ErrorKind::usage);
}

TEST_F(Records, TheRecordOfADeadContainerIsReclaimed) {
  leave("c1", dead_pid());
  record.profile = "strict";
  write();
  EXPECT_EQ(read_record(kernel, environment, key)->profile, "strict");
}

TEST_F(Records, APidThatAnotherProcessHasByNowIsDead) {
  leave("c1", 1, 999999999);
  write();
  EXPECT_EQ(read_record(kernel, environment, key)->creator_pid, ::getpid());
}

TEST_F(Records, AContainerThatTheRuntimeHasIsNeverTakenOver) {
  leave("c1", dead_pid());
  fs::create_directory(key.root + "/c1");
  const auto before = snapshot(environment.state);
  const Error error = error_of([&] { RecordWriter(kernel, environment, key, record); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(std::string(error.what()), "container with given ID already exists: c1");
  EXPECT_EQ(snapshot(environment.state), before);
}

TEST_F(Records, AContainerOfPlainRuncGetsNoRecordBesideIt) {
  fs::create_directory(key.root + "/c1");
  EXPECT_EQ(error_of([&] { RecordWriter(kernel, environment, key, record); }).kind(),
            ErrorKind::refused);
  EXPECT_FALSE(read_record(kernel, environment, key).has_value());
}

TEST_F(Records, ACreateThatIsUnderWayIsNotTakenOver) {
  const pid_t creator = ::fork();
  if (creator == 0) {
    write();
    for (;;) ::pause();
  }
  while (!fs::exists(file())) ::usleep(1000);
  EXPECT_EQ(error_of([&] { RecordWriter(kernel, environment, key, record); }).kind(),
            ErrorKind::refused);
  ::kill(creator, SIGKILL);
  ::siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(creator), &info, WEXITED | WNOWAIT);
  EXPECT_NO_THROW(RecordWriter(kernel, environment, key, record)) << "a zombie runs nothing";
  ::waitpid(creator, nullptr, 0);
}

TEST_F(Records, OfManyCreatesOfOneIdAtOnceExactlyOneWins) {
  constexpr int kCreates = 16;
  std::array<int, 2> until{};
  ASSERT_EQ(::pipe(until.data()), 0);
  for (int index = 0; index < kCreates; ++index) {
    if (::fork() != 0) continue;
    ::close(until[1]);
    try {
      write();
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::refused ? 1 : 2);
    }
    ::alarm(60);  // of two winners each would wait for ever
    char end = 0;
    ::_exit(::read(until[0], &end, 1) == 0 ? 0 : 2);  // the winner creates
  }
  ::close(until[0]);
  std::map<int, int> results;
  for (int index = 0; index < kCreates; ++index) {
    if (index == kCreates - 1) ::close(until[1]);  // the losers have ended
    int status = 0;
    ::wait(&status);
    ++results[WIFEXITED(status) ? WEXITSTATUS(status) : 3];
  }
  EXPECT_EQ(results, (std::map<int, int>{{0, 1}, {1, kCreates - 1}}));
}

TEST_F(Records, BecomingHardenedAgainIsTold) {
  write();
  const Error error = error_of([&] { RecordWriter(kernel, environment, key, record); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(error.what()).find("is hardened itself"), std::string::npos);
  EXPECT_TRUE(read_record(kernel, environment, key).has_value());
}

TEST_F(Records, ACreateRemovesTheRecordsOfTheDead) {
  leave("alive", 1, 999999999);
  fs::create_directory(key.root + "/alive");
  leave("dead", 1, 999999999);
  for (int index = 0; index < 40; ++index) {
    fs::copy_file(file("dead"), file("dead" + std::to_string(index)));
  }
  write();
  EXPECT_EQ(ids(), (std::set<std::string>{"alive", "c1"}));
}

// The trail's files are rotated away while a container runs.
TEST_F(Records, TheLineOfTheStartIsKeptWhileTheContainerLives) {
  RecordWriter writer(kernel, environment, key, record);
  writer.keep_start("line\n");
  writer.commit();
  EXPECT_EQ(kept_starts(kernel, environment, "c"), std::vector<std::string>{"line\n"});
  EXPECT_TRUE(kept_starts(kernel, environment, "d").empty());

  Json json = parse_document(text_of(file()));
  json["creator"]["pid"] = dead_pid();
  put(file(), json.dump());
  EXPECT_TRUE(kept_starts(kernel, environment, "c").empty()) << "of another life of that id";
  RecordWriter(kernel, environment, {key.root, "c2"}, record).commit();
  EXPECT_EQ(ids(), std::set<std::string>{"c2"}) << "removed with the record";
}

TEST_F(Records, AStartThatFailsOrIsUnrecordedLeavesNoLine) {
  {
    RecordWriter writer(kernel, environment, key, record);
    writer.keep_start("line\n");
  }
  EXPECT_TRUE(fs::is_empty(directory_of_root()));
  put(directory_of_root() + "/c1.start", "of an earlier life\n");
  write();
  EXPECT_TRUE(kept_starts(kernel, environment, "c1").empty());
}

TEST_F(Records, TheLivingCostNothing) {
  int there = 0;
  const auto calls_with = [&](int living) {
    for (int index = there; index < living; ++index) {
      leave("alive" + std::to_string(index), 1, 999999999);
      fs::create_directory(key.root + "/alive" + std::to_string(index));
    }
    there = living;
    kernel.calls.clear();
    RecordWriter(kernel, environment, key, record);
    return kernel.calls.size();
  };
  const std::size_t few = calls_with(1);
  EXPECT_EQ(calls_with(50), few);
}

TEST_F(Records, TheDeadTellWhichIdsTheyHad) {
  EXPECT_TRUE(ids_of_the_dead(kernel, environment, key).empty());
  const IdMaps maps = maps_of({1879048192, 65536});
  record.ceiling.json["uidMappings"] = to_json(maps.users);
  record.ceiling.json["gidMappings"] = to_json(maps.groups);
  leave("alive", 1, 999999999);
  fs::create_directory(key.root + "/alive");
  leave("dead", 1, 999999999);
  EXPECT_EQ(ids_of_the_dead(kernel, environment, key), (std::vector<IdMaps>{maps}));
}

}  // namespace
}  // namespace hardened
