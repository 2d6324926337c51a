// SPDX-License-Identifier: Apache-2.0
// Whom a record is believed, and what a failing host does to it.
#include <sys/stat.h>
#include <unistd.h>

#include "hardened/shell/user_namespace.hpp"
#include "record_fixture.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class RecordTrust : public RecordFixture {
 protected:
  Error refusal() {
    return error_of([&] { read_record(kernel, environment, key); });
  }
  void expect_refusal(const std::string& text, const std::string& reason) {
    put(file(), text);
    EXPECT_EQ(refusal().kind(), ErrorKind::refused);
    EXPECT_NE(std::string(refusal().what()).find(reason), std::string::npos) << refusal().what();
  }
};

TEST_F(RecordTrust, WhatCannotBeParsedIsRefusedWithItsPointer) {
  write();
  const Json good = parse_document(text_of(file()));
  expect_refusal("", "the document is empty");
  expect_refusal("{\"version\": 1, \"version\": 1}", "duplicate key");
  Json json = good;
  json["version"] = 2;
  expect_refusal(json.dump(), "/version: cannot read version 2");
  json = good;
  json["more"] = true;
  expect_refusal(json.dump(), "/more: unknown field");
  json = good;
  json["creator"]["pid"] = -1;
  expect_refusal(json.dump(), "/creator: names no process");
  for (const char* field : {"version", "profile", "bundle", "creator", "ceiling"}) {
    json = good;
    json.erase(field);
    expect_refusal(json.dump(), std::string("/") + field);
  }
  put(file(), good.dump());
  EXPECT_TRUE(read_record(kernel, environment, key).has_value());
}

TEST_F(RecordTrust, AnUnreadableRecordOfADeadContainerDoesNotBlockItsId) {
  write();
  put(file(), "{");
  write();
  EXPECT_TRUE(read_record(kernel, environment, key).has_value());
}

TEST_F(RecordTrust, WhatOthersCanWriteIsNotBelieved) {
  write();
  fs::permissions(file(), fs::perms(0620));
  EXPECT_EQ(refusal().kind(), ErrorKind::refused);
  fs::permissions(file(), fs::perms(0600));
  for (const std::string& place :
       {environment.state, environment.state + "/records", directory_of_root()}) {
    const auto before = fs::status(place).permissions();
    fs::permissions(place, fs::perms(0777));
    EXPECT_EQ(refusal().kind(), ErrorKind::refused) << place;
    EXPECT_EQ(error_of([&] { write(); }).kind(), ErrorKind::refused) << place;
    fs::permissions(place, before);
  }
  fs::permissions(directory.path(), fs::perms(0777));
  EXPECT_EQ(refusal().kind(), ErrorKind::refused);
}

TEST_F(RecordTrust, ALinkIsNotFollowed) {
  write();
  fs::rename(file(), directory / "elsewhere");
  fs::create_symlink(directory / "elsewhere", file());
  EXPECT_EQ(refusal().number(), 0) << "refused, not merely failed";
  fs::remove(file());
  fs::rename(environment.state, directory / "real");
  fs::create_directory_symlink(directory / "real", environment.state);
  EXPECT_THROW(write(), Error);
  EXPECT_THROW(read_record(kernel, environment, key), Error);
}

TEST_F(RecordTrust, AStateOfAnotherUserIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root: cannot give a directory away";
  write();
  ASSERT_EQ(::chown(environment.state.c_str(), 4711, 4711), 0);
  EXPECT_EQ(error_of([&] { write(); }).kind(), ErrorKind::unsupported);
}

TEST_F(RecordTrust, WithoutRootTheRuntimeDirectoryServes) {
  fs::create_directory(directory / "runtime");
  environment.state = "/proc/hardened";  // nobody can make this
  EXPECT_EQ(error_of([&] { write(); }).kind(), ErrorKind::unsupported);
  EXPECT_FALSE(read_record(kernel, environment, key).has_value());
  environment.runtime_directory = directory / "runtime";
  environment.root = false;
  write();
  EXPECT_TRUE(read_record(kernel, environment, key).has_value());
  EXPECT_TRUE(fs::exists(directory / "runtime/hardened/records"));
}

// Its ids would be given by two books.
TEST_F(RecordTrust, TheHostsRootHasOnePlaceWhateverTheEnvironmentSays) {
  if (::geteuid() != 0 || !in_initial_user_namespace(kernel)) {
    GTEST_SKIP() << "this host: not root of the initial user namespace";
  }
  fs::create_directory(directory / "runtime");
  environment.state = "/proc/hardened";
  environment.runtime_directory = directory / "runtime";
  EXPECT_EQ(error_of([&] { write(); }).kind(), ErrorKind::unsupported);
  EXPECT_TRUE(fs::is_empty(directory / "runtime"));
}

TEST_F(RecordTrust, WhateverCallFailsNoRecordIsLeft) {
  write();
  fs::remove(file());
  const auto before = snapshot(directory.path());
  std::size_t failures = 0;
  for (;; ++failures) {
    FakeKernel faulty;
    faulty.fail_at = failures;
    faulty.failure = ENOSPC;
    try {
      RecordWriter(faulty, environment, key, record).commit();
      if (faulty.calls.size() <= failures) break;
      fs::remove(file());  // a failure that only concerned sweeping
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::system) << error.what();
    }
    EXPECT_EQ(snapshot(directory.path()), before) << faulty.calls.at(failures);
  }
  EXPECT_GT(failures, 20U);
  EXPECT_TRUE(read_record(kernel, environment, key).has_value());
}

TEST_F(RecordTrust, WhateverCallFailsOnTheFirstCreateNoRecordIsLeft) {
  for (std::size_t failures = 0;; ++failures) {
    fs::remove_all(environment.state);
    FakeKernel faulty;
    faulty.fail_at = failures;
    try {
      RecordWriter(faulty, environment, key, record).commit();
      if (faulty.calls.size() <= failures) break;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::system) << error.what();
      EXPECT_FALSE(fs::exists(file())) << faulty.calls.at(failures);
      // Nor a place that the next container's root cannot walk through.
      write();
      EXPECT_EQ(fs::status(environment.state).permissions(), static_cast<fs::perms>(0711))
          << faulty.calls.at(failures);
    }
  }
  EXPECT_TRUE(fs::exists(file()));
}

TEST_F(RecordTrust, WhateverCallFailsReadingNeverSaysThereIsNone) {
  write();
  std::vector<int> errors{EIO};
  // To others this says that the state is another's.
  if (::geteuid() == 0 && in_initial_user_namespace(kernel))
    errors.insert(errors.end(), {EACCES, EROFS});
  for (const int error : errors) {
    std::size_t failures = 0;
    for (;; ++failures) {
      FakeKernel faulty;
      faulty.fail_at = failures;
      faulty.failure = error;
      try {
        EXPECT_TRUE(read_record(faulty, environment, key).has_value()) << faulty.calls.at(failures);
        break;
      } catch (const Error& refusal) {
        EXPECT_EQ(refusal.kind(), ErrorKind::system) << refusal.what();
      }
    }
    EXPECT_GT(failures, 5U) << error;
  }
}

// Without root the state in /run is another's; the one below a runtime directory is the caller's.
TEST_F(RecordTrust, WhateverCallFailsInAStateOfOnesOwnItNeverSaysThereIsNone) {
  environment.root = false;
  environment.runtime_directory = directory.path();
  environment.state = directory / "absent/hardened";
  write();
  std::size_t refused = 0;
  FakeKernel counted;
  ASSERT_TRUE(read_record(counted, environment, key).has_value());
  for (std::size_t failures = 0; failures < counted.calls.size(); ++failures) {
    FakeKernel faulty;
    faulty.fail_at = failures;
    faulty.failure = EACCES;
    try {
      EXPECT_TRUE(read_record(faulty, environment, key).has_value()) << faulty.calls.at(failures);
    } catch (const Error& refusal) {
      EXPECT_EQ(refusal.kind(), ErrorKind::system) << refusal.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 5U);
}

}  // namespace
}  // namespace hardened
