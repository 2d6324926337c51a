// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/invocation.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) {
    // The corpus writes <ID> and <N> where an engine wrote its own.
    for (const std::string mark : {"<ID>", "<N>"}) {
      if (const auto at = word.find(mark); at != std::string::npos)
        word.replace(at, mark.size(), "0a1b");
    }
    result.push_back(word);
  }
  return result;
}

Invocation parse(const std::string& line) { return Invocation::parse(words(line)); }

std::string rejoined(const Invocation& invocation) {
  std::string line;
  for (const std::string& word : invocation.arguments()) line += (line.empty() ? "" : " ") + word;
  return line;
}

void expect_error(const std::string& line, ErrorKind kind, const std::string& text) {
  try {
    parse(line).id();
    ADD_FAILURE() << "accepted: " << line;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << line;
    EXPECT_EQ(error.pointer(), "") << line;
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos)
        << line << ": " << error.what();
  }
}

TEST(Invocation, EveryLineOfTheCorpusComesOutAsItWentIn) {
  std::ifstream file(HARDENED_SOURCE "/tests/corpus/argv.txt");
  std::size_t lines = 0;
  std::size_t hardened_calls = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const Invocation invocation = Invocation::parse(words(line));
    EXPECT_EQ(invocation.arguments(), words(line));
    if (invocation.operation() == Operation::forward) continue;
    ++hardened_calls;
    EXPECT_EQ(invocation.id(), words(line).back()) << line;
    EXPECT_EQ(invocation.positionals().size(), 1U) << line;
  }
  EXPECT_EQ(lines, 43U);
  EXPECT_EQ(hardened_calls, 14U);
}

TEST(Invocation, ContainerdsCreateIsTakenApart) {
  const Invocation invocation = parse(
      "--root /r --log /b/log.json --log-format json --systemd-cgroup create --bundle /b "
      "--pid-file /b/p c1");
  EXPECT_EQ(invocation.operation(), Operation::create);
  EXPECT_EQ(invocation.global("root"), "/r");
  EXPECT_EQ(invocation.global("log-format"), "json");
  EXPECT_EQ(invocation.global("systemd-cgroup"), "true");
  EXPECT_EQ(invocation.flag("bundle"), "/b");
  EXPECT_EQ(invocation.id(), "c1");
}

TEST(Invocation, RunWithoutBundleHasNone) {
  EXPECT_EQ(parse("run c1").flag("bundle"), std::nullopt);
}

TEST(Invocation, OneDashAndTwoAreTheSameFlagAndComeOutAsTwo) {
  const Invocation invocation =
      parse("-root /r restore --image-path I --detach --pid-file P -no-subreaper --bundle B c1");
  EXPECT_EQ(invocation.operation(), Operation::restore);
  EXPECT_EQ(invocation.flag("no-subreaper"), "true");
  EXPECT_EQ(rejoined(invocation),
            "--root /r restore --image-path I --detach --pid-file P --no-subreaper --bundle B c1");
}

TEST(Invocation, ShorthandsWithAttachedValuesComeOutLong) {
  EXPECT_EQ(rejoined(parse("create -b=/b c1")), "create --bundle=/b c1");
  EXPECT_EQ(rejoined(parse("create --b /b c1")), "create -b /b c1");
  EXPECT_EQ(parse("exec -p=/f c1").flag("process"), "/f");
}

TEST(Invocation, FlagsMayFollowTheIdExceptInExec) {
  EXPECT_EQ(parse("create c1 --bundle /b").flag("bundle"), "/b");
  const Invocation exec = parse("exec -u 1 c1 sh --cap CAP_SYS_ADMIN -- --process x");
  EXPECT_EQ(exec.flag("cap"), std::nullopt);
  EXPECT_EQ(exec.positionals(), (std::vector<std::string>{"c1", "sh", "--cap", "CAP_SYS_ADMIN",
                                                          "--", "--process", "x"}));
}

TEST(Invocation, BooleansAreReadAsGoReadsThem) {
  for (const std::string value : {"1", "t", "T", "TRUE", "true", "True"}) {
    EXPECT_EQ(parse("exec --tty=" + value + " c1").flag("tty"), "true");
  }
  for (const std::string value : {"0", "f", "F", "FALSE", "false", "False"}) {
    EXPECT_EQ(parse("exec --no-new-privs=" + value + " c1").flag("no-new-privs"), "false");
  }
  expect_error("exec --tty=yes c1", ErrorKind::usage, "neither true nor false");
  // A boolean never takes the next word.
  EXPECT_EQ(parse("exec --tty false c1").positionals().front(), "false");
}

TEST(Invocation, AContainerMayBeCalledLikeACommand) {
  EXPECT_EQ(parse("delete create").operation(), Operation::forward);
  EXPECT_EQ(parse("create --bundle exec create").id(), "create");
  EXPECT_EQ(parse("--root create kill create 9").command(), "kill");
}

TEST(Invocation, AfterTwoDashesAllAreWords) {
  EXPECT_EQ(rejoined(parse("exec -- c1 sh -c true")), "exec -- c1 sh -c true");
  EXPECT_EQ(parse("exec -- c1 sh -c true").positionals().size(), 4U);
  EXPECT_EQ(parse("-- create c1").operation(), Operation::create);
  EXPECT_EQ(parse("create -- --bundle").id(), "--bundle");
  expect_error("create c1 --", ErrorKind::usage, "after the container's id");
}

TEST(Invocation, UnknownGlobalFlagsAreRefusedInForwardedCallsToo) {
  expect_error("--rot /r create c1", ErrorKind::usage, "unknown global flag \"--rot\"");
  expect_error("--rot /r delete c1", ErrorKind::usage, "unknown global flag");
  expect_error("---root /r state c1", ErrorKind::usage, "unknown global flag");
}

TEST(Invocation, UnknownAbbreviatedAndBundledFlagsOfHardenedCallsAreRefused) {
  expect_error("create --bund /b c1", ErrorKind::usage, "unknown flag \"--bund\"");
  expect_error("exec -td c1", ErrorKind::usage, "unknown flag \"-td\"");
  expect_error("exec -p/f c1", ErrorKind::usage, "unknown flag");
  expect_error("update --oom-kill-disable c1", ErrorKind::usage, "unknown flag");
}

TEST(Invocation, FlagsOfForwardedCallsAreNotLookedAt) {
  EXPECT_EQ(rejoined(parse("-debug=1 kill -a=true --x c1 -- 9")),
            "-debug=1 kill -a=true --x c1 -- 9");
  EXPECT_EQ(rejoined(parse("checkpoint --image-path x c1")), "checkpoint --image-path x c1");
}

TEST(Invocation, VersionAndHelpAloneAreForwarded) {
  for (const std::string line :
       {"--version", "-v", "--help", "-h", "", "--root /r -v", "create --help", "run c1 -h"}) {
    EXPECT_EQ(parse(line).operation(), Operation::forward) << line;
    EXPECT_EQ(rejoined(parse(line)), line);
  }
}

TEST(Invocation, VersionAndHelpDoNotCarryAHardenedCallPastTheRules) {
  expect_error("--version=false create c1", ErrorKind::usage, "--help and --version");
  expect_error("--help create c1", ErrorKind::usage, "--help and --version");
  expect_error("create --help=false c1", ErrorKind::usage, "--help takes no value");
  expect_error("create --help --help=false c1", ErrorKind::usage, "--help takes no value");
}

TEST(Invocation, ValuesThatLookLikeFlagsMustBeAttached) {
  expect_error("create --bundle --pid-file /x c1", ErrorKind::usage, "is followed by");
  expect_error("create --bundle", ErrorKind::usage, "needs a value");
  EXPECT_EQ(parse("update --pids-limit -1 c1").flag("pids-limit"), "-1");
  EXPECT_EQ(parse("update --resources - c1").flag("resources"), "-");
  EXPECT_EQ(parse("exec --env=-X=1 c1 sh").flag("env"), "-X=1");
}

TEST(Invocation, MoreThanOneIdIsRefused) {
  expect_error("create c1 c2", ErrorKind::usage, "expected one container id, got 2");
  expect_error("create", ErrorKind::usage, "id is missing");
}

TEST(Invocation, IdsFollowRuncsRule) {
  for (const std::string id : {".", "..", "a/b", "ä", "a b", ""}) {
    EXPECT_THROW(check_id(id), Error) << id;
  }
  EXPECT_NO_THROW(check_id("a+B_9-.x"));
}

TEST(Invocation, AnotherConfigFileOrNoCgroupIsRefused) {
  expect_error("create --config /tmp/c.json c1", ErrorKind::refused, "--config");
  expect_error("run -f /tmp/c.json c1", ErrorKind::refused, "--config");
  expect_error("create --config /tmp/c.json c1", ErrorKind::refused,
               "(CIS 5); no policy setting allows it");
  expect_error("--cgroup-manager disabled create c1", ErrorKind::refused, "cgroup");
  EXPECT_EQ(parse("--cgroup-manager=disabled delete c1").operation(), Operation::forward);
}

TEST(Invocation, OurOwnProfileIsNotTheRuntimes) {
  EXPECT_EQ(parse("--profile strict --root /r create c1").profile(), "strict");
  EXPECT_EQ(rejoined(parse("--profile=strict --root /r create c1")), "--root /r create c1");
  EXPECT_EQ(rejoined(parse("-profile strict delete c1")), "delete c1");
  expect_error("create --profile strict c1", ErrorKind::usage, "unknown flag");
  expect_error("--profile= create c1", ErrorKind::usage, "needs a name");
}

TEST(Invocation, TheLastOfARepeatedFlagCountsAndAllAreEdited) {
  Invocation invocation = parse("exec --user 1 -u 2 c1 sh");
  EXPECT_EQ(invocation.flag("user"), "2");
  invocation.set_flag("user", "3");
  EXPECT_EQ(rejoined(invocation), "exec --user 3 -u 3 c1 sh");
}

TEST(Invocation, EditsStandBeforeThePositionals) {
  Invocation invocation = parse("--root /r exec c1 sh --user 0");
  invocation.set_flag("apparmor", "x");
  invocation.set_flag("no-new-privs", "true");
  EXPECT_EQ(rejoined(invocation), "--root /r exec --apparmor x --no-new-privs c1 sh --user 0");
  invocation.set_flag("no-new-privs", "false");
  invocation.remove_flag("apparmor");
  EXPECT_EQ(rejoined(invocation), "--root /r exec c1 sh --user 0");
}

TEST(Invocation, AFalseBooleanIsSetBare) {
  Invocation invocation = parse("exec --no-new-privs=false c1");
  invocation.set_flag("no-new-privs", "true");
  EXPECT_EQ(rejoined(invocation), "exec --no-new-privs c1");
}

TEST(Invocation, RepeatableFlagsAreReplacedOneByOne) {
  Invocation invocation = parse("exec -c A --cap B --cap=C c1 sh");
  invocation.set_flag_values("cap", {"X", "Y"});
  EXPECT_EQ(rejoined(invocation), "exec -c X --cap Y c1 sh");
  invocation.set_flag_values("cap", {"X", "Y", "Z"});
  EXPECT_EQ(invocation.flag_values("cap"), (std::vector<std::string>{"X", "Y", "Z"}));
}

TEST(Invocation, WhatCannotBeReadIsStillKnownByItsCommand) {
  EXPECT_EQ(likely_operation({"--root", "/r", "create", "--nonsense"}), Operation::create);
  EXPECT_EQ(likely_operation({"--nonsense"}), Operation::forward);
}

}  // namespace
}  // namespace hardened
