// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/trail.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "fake_kernel.hpp"
#include "hardened/core/document.hpp"
#include "hardened/shell/trail_reader.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class TrailTest : public testing::Test {
 protected:
  void SetUp() override {
    environment.log = directory / "log";
    environment.state = directory / "state";
    environment.journal = directory / "journal";
  }

  const Policy& policy(const std::string& audit) {
    auto found = policies.find(audit);
    if (found != policies.end()) return found->second;
    found = policies.emplace(audit, Policy::builtin()).first;
    found->second.layer("{\"audit\": " + audit + "}", "policy.json");
    return found->second;
  }

  void write(const std::string& audit, const std::string& id = "c1") {
    Trail trail(kernel, environment, Operation::create);
    trail.about({"/run/runc", id});
    trail.under(policy(audit));
    trail.passed();
  }

  std::vector<std::string> ids_read(AuditSettings settings = {}) {
    std::vector<std::string> ids;
    read_trail(kernel, environment, settings, Following::no,
               [&](std::string_view line) { ids.push_back(parse_document(line).at("id")); });
    return ids;
  }

  TemporaryDirectory directory;
  Environment environment;
  FakeKernel kernel;
  std::map<std::string, Policy> policies;  // read once: a thousand lines are written under one
};

TEST_F(TrailTest, LinesAreAppendedToAFileThatOnlyItsOwnerReads) {
  write(R"({})", "a");
  write(R"({})", "b");
  EXPECT_EQ(ids_read(), (std::vector<std::string>{"a", "b"}));
  struct stat status {};
  ASSERT_EQ(::stat((directory / "log/decisions.jsonl").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat((directory / "log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
}

TEST_F(TrailTest, AFullFileIsPutAsideAndTheOldestGivesWay) {
  const AuditSettings settings{.files = 3};
  for (int index = 0; index < 900; ++index) {
    write(R"({"file_bytes": 65536, "files": 3})", std::to_string(index));
  }
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory / "log")) {
    names.insert(entry.path().filename());
    EXPECT_LE(fs::file_size(entry.path()), 65536U) << entry.path();
  }
  EXPECT_EQ(names, (std::set<std::string>{"decisions.jsonl", "decisions.1.jsonl",
                                          "decisions.2.jsonl", "lock"}));
  const std::vector<std::string> ids = ids_read(settings);
  EXPECT_EQ(ids.back(), "899");
  EXPECT_LT(ids.size(), 900U);
  for (std::size_t index = 1; index < ids.size(); ++index) {
    EXPECT_EQ(std::stoi(ids[index]), std::stoi(ids[index - 1]) + 1);
  }
}

TEST_F(TrailTest, OneFileAloneIsBegunAnew) {
  for (int index = 0; index < 300; ++index) {
    write(R"({"file_bytes": 65536, "files": 1})", std::to_string(index));
  }
  EXPECT_FALSE(fs::exists(directory / "log/decisions.1.jsonl"));
  EXPECT_EQ(ids_read({.files = 1}).back(), "299");
}

// Half a line would swallow the one behind it.
TEST_F(TrailTest, AFullDiskLeavesNoHalfALine) {
  write(R"({"destination": "file"})", "a");
  const std::string before = text_of(directory / "log/decisions.jsonl");
  FakeKernel counted;
  std::swap(kernel.calls, counted.calls);
  write(R"({"destination": "file"})", "b");
  const auto call = std::find(kernel.calls.begin(), kernel.calls.end(), "write");
  ASSERT_NE(call, kernel.calls.end());
  const auto index = static_cast<std::size_t>(call - kernel.calls.begin());
  const std::string second = text_of(directory / "log/decisions.jsonl");

  kernel.calls.clear();
  kernel.fail_at = index;
  kernel.failure = ENOSPC;
  EXPECT_NO_THROW(write(R"({"destination": "file"})", "c"));
  EXPECT_EQ(text_of(directory / "log/decisions.jsonl"), second);
  EXPECT_TRUE(second.starts_with(before));
}

TEST_F(TrailTest, WhereThePolicyWantsALineNothingStartsWithoutOne) {
  put(directory / "log", "no directory");
  EXPECT_NO_THROW(write(R"({"unwritable": "continue"})"));
  const Error error = error_of([&] { write(R"({"unwritable": "refuse"})"); });
  EXPECT_EQ(error.kind(), ErrorKind::system);
  EXPECT_TRUE(std::string(error.what()).starts_with("the audit trail, which the policy requires: "))
      << error.what();
  // The error that led here is the one to report.
  Trail trail(kernel, environment, Operation::create);
  trail.under(policy(R"({"unwritable": "refuse"})"));
  trail.failed(Error(ErrorKind::refused, "no"));
}

// A writer that was stopped holds the lock for good.
TEST_F(TrailTest, ALockThatIsNotGivenBackStopsNoStart) {
  write(R"({"destination": "file"})", "a");
  const Descriptor held(::open((directory / "log/lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held.number(), LOCK_EX), 0);
  EXPECT_NO_THROW(write(R"({"destination": "file"})", "b"));
  EXPECT_EQ(ids_read(), std::vector<std::string>{"a"});
  EXPECT_TRUE(
      last_loss(kernel, environment).value_or("").find("resource temporarily unavailable") !=
      std::string::npos)
      << last_loss(kernel, environment).value_or("none");
  EXPECT_EQ(error_of([&] { write(R"({"unwritable": "refuse"})", "c"); }).number(), EWOULDBLOCK);
  EXPECT_EQ(error_of([&] { require_writable_trail(kernel, environment, {}); }).number(),
            EWOULDBLOCK);
}

TEST_F(TrailTest, AWriterWaitsForAnother) {
  write(R"({"destination": "file"})", "a");
  auto held =
      std::make_optional<Descriptor>(::open((directory / "log/lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held->number(), LOCK_EX), 0);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    held.reset();
  });
  write(R"({"unwritable": "refuse"})", "b");
  other.join();
  EXPECT_EQ(ids_read(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(TrailTest, TheLineOfAStartIsKeptAsItIsWritten) {
  Trail trail(kernel, environment, Operation::create);
  trail.about({"/run/runc", "c1"});
  trail.under(policy(R"({"destination": "file"})"));
  std::string kept;
  trail.passed([&](const std::string& line) {
    kept = line;
    throw Error::from_errno(ENOSPC, "what fails here is no reason");
  });
  EXPECT_EQ(text_of(directory / "log/decisions.jsonl"), kept);
}

TEST_F(TrailTest, ALinkIsNotWrittenThrough) {
  fs::create_directory(directory / "log");
  fs::permissions(directory / "log", fs::perms::owner_all);
  put(directory / "victim", "as it was");
  fs::create_symlink(directory / "victim", directory / "log/decisions.jsonl");
  const Error error = error_of([&] { write(R"({"unwritable": "refuse"})"); });
  EXPECT_EQ(error.number(), ELOOP) << error.what();
  EXPECT_EQ(text_of(directory / "victim"), "as it was");
}

TEST_F(TrailTest, NoneWritesNothing) {
  write(R"({"destination": "none"})");
  EXPECT_FALSE(fs::exists(directory / "log"));
  EXPECT_EQ(error_of([&] { ids_read({.destination = AuditSettings::Destination::none}); }).kind(),
            ErrorKind::unsupported);
}

TEST_F(TrailTest, WithoutATrailThereIsNothingToRead) {
  EXPECT_EQ(error_of([&] { ids_read(); }).kind(), ErrorKind::unsupported);
}

// What journald reads: datagrams of NAME=value lines.
class Journal {
 public:
  explicit Journal(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw Error::from_errno(errno, path);
  }

  // A datagram, or what the file holds whose descriptor came in its place.
  std::string receive() {
    std::string data(1U << 20, '\0');
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
    iovec part{data.data(), data.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.number(), &message, MSG_DONTWAIT);
    if (got < 0) throw Error::from_errno(errno, "recvmsg");
    data.resize(static_cast<std::size_t>(got));
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header), sizeof file);
      sealed = ::fcntl(file, F_GET_SEALS);
      data.assign(4U << 20, '\0');
      data.resize(static_cast<std::size_t>(::pread(file, data.data(), data.size(), 0)));
      ::close(file);
    }
    return data;
  }

  // Until nobody can send any more: one that hangs.
  void fill() {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    const Descriptor sender(::socket(AF_UNIX, SOCK_DGRAM, 0));
    while (::sendto(sender.number(), "x", 1, MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&address), size) == 1) {
    }
  }

  int sealed = 0;

 private:
  Descriptor socket_;
};

std::string decision_in(const std::string& entry) {
  const std::string name = "\nHARDENED_DECISION=";
  const std::size_t begin = entry.find(name) + name.size();
  return entry.substr(begin, entry.find('\n', begin) - begin);
}

TEST_F(TrailTest, WhereTheJournalListensItIsToldInstead) {
  Journal journal(environment.journal);
  write(R"({})", "c1");
  const std::string entry = journal.receive();
  EXPECT_TRUE(entry.starts_with("MESSAGE=create of c1: passed under")) << entry;
  EXPECT_NE(entry.find("\nSYSLOG_IDENTIFIER=hardened\n"), std::string::npos);
  EXPECT_NE(entry.find("\nPRIORITY=6\n"), std::string::npos);
  EXPECT_EQ(parse_document(decision_in(entry)).at("id"), "c1");
  EXPECT_FALSE(fs::exists(directory / "log"));
  write(R"({"destination": "file"})", "c2");
  EXPECT_EQ(text_of(directory / "log/decisions.jsonl").find("c1"), std::string::npos);
}

TEST_F(TrailTest, ALineTooLargeForADatagramIsHandedOverAsASealedFile) {
  Journal journal(environment.journal);
  Trail trail(kernel, environment, Operation::create);
  for (int index = 0; index < 4000; ++index) {
    trail.decision.refusals.push_back({"mounts", "/mounts/0", std::string(150, 'x'), "", ""});
  }
  trail.failed(Error(ErrorKind::refused, "no"));
  const std::string entry = journal.receive();
  EXPECT_EQ(parse_document(decision_in(entry)).at("refusals").size(), 4000U);
  EXPECT_NE(journal.sealed & F_SEAL_WRITE, 0);
}

// An id is the caller's: it must not become a field of its own.
TEST_F(TrailTest, NoStringAddsAFieldToTheJournal) {
  Journal journal(environment.journal);
  Trail trail(kernel, environment, Operation::create);
  trail.about({"/run/runc", "a\nPRIORITY=0\n_UID=0"});
  trail.failed(Error(ErrorKind::refused, "x\nMESSAGE=forged"));
  const std::string entry = journal.receive();
  EXPECT_EQ(std::count(entry.begin(), entry.end(), '\n'), 4) << entry;
}

// journald may drop a datagram that it took.
TEST_F(TrailTest, WhereALineIsRequiredTheFileHasIt) {
  Journal journal(environment.journal);
  write(R"({"unwritable": "refuse"})", "c1");
  EXPECT_NE(text_of(directory / "log/decisions.jsonl").find("c1"), std::string::npos);
}

TEST_F(TrailTest, AStuckJournalLeavesTheLineToTheFile) {
  Journal journal(environment.journal);
  journal.fill();
  write(R"({})", "c1");
  EXPECT_NE(text_of(directory / "log/decisions.jsonl").find("c1"), std::string::npos);
}

TEST_F(TrailTest, AJournalThatIsRequiredAndAwayIsAnError) {
  EXPECT_EQ(
      error_of([&] { write(R"({"destination": "journald", "unwritable": "refuse"})"); }).number(),
      ENOENT);
  EXPECT_FALSE(fs::exists(directory / "log"));
}

}  // namespace
}  // namespace hardened
