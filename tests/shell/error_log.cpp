// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/error_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class ErrorLogFile : public testing::Test {
 protected:
  ErrorLogFile() : directory_(fs::temp_directory_path() / "hardened-XXXXXX") {
    std::string name = directory_;
    directory_ = ::mkdtemp(name.data());
  }
  ~ErrorLogFile() override { fs::remove_all(directory_); }

  std::string path(const std::string& name = "log.json") const { return directory_ / name; }

  static std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  // What report_error writes on standard error.
  static std::string reported(const ErrorLog& log, const Error& error) {
    testing::internal::CaptureStderr();
    report_error(real_kernel(), log, error, std::chrono::system_clock::time_point{});
    return testing::internal::GetCapturedStderr();
  }

 private:
  fs::path directory_;
};

const Error kError(ErrorKind::refused, "/process/cwd", "asks for \"x\"\n");

TEST_F(ErrorLogFile, IsOneJsonObjectAndStandardErrorSaysTheSame) {
  const std::string shown = reported({path(), true}, kError);
  const Json entry = parse_document(text_of(path()));
  EXPECT_EQ(entry, Json({{"level", "error"},
                         {"msg", "hardened: /process/cwd: asks for \"x\"\\x0a"},
                         {"time", "1970-01-01T00:00:00Z"}}));
  EXPECT_EQ(shown, entry.at("msg").get<std::string>() + '\n');
}

TEST_F(ErrorLogFile, IsRuncsTextWithoutJson) {
  reported({path(), false}, Error(ErrorKind::usage, "say \"x\""));
  EXPECT_EQ(text_of(path()),
            "time=\"1970-01-01T00:00:00Z\" level=error msg=\"hardened: say \\\"x\\\"\"\n");
}

TEST_F(ErrorLogFile, IsAppendedTo) {
  std::ofstream(path()) << "before\n";
  reported({path(), true}, kError);
  EXPECT_EQ(text_of(path()).find("before\n{"), 0U);
}

TEST_F(ErrorLogFile, LinksAreNotFollowedAndAFailureIsSilent) {
  std::ofstream(path("target")) << "";
  fs::create_symlink(path("target"), path());
  EXPECT_NE(reported({path(), true}, kError), "");
  EXPECT_EQ(text_of(path("target")), "");
  EXPECT_NE(reported({path("absent/log"), true}, kError), "");
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_NE(reported({path("fifo"), true}, kError), "");
}

TEST(ErrorLog, IsFoundInTheGlobalFlagsOnly) {
  const ErrorLog log = error_log_of(
      {"--root", "--log", "--debug", "-log=/l", "--log-format", "json", "create", "--log", "x"});
  EXPECT_EQ(log.path, "/l");
  EXPECT_TRUE(log.json);
  EXPECT_EQ(error_log_of({"--unknown", "--log", "/l"}).path, "/l");
  EXPECT_EQ(error_log_of({"create", "--log", "/l"}).path, std::nullopt);
  EXPECT_EQ(error_log_of({"--log"}).path, std::nullopt);
  EXPECT_EQ(error_log_of({"--log=file:/l"}).path, "/l");
  EXPECT_EQ(error_log_of({"--log=journald:x"}).path, std::nullopt);
}

TEST(ErrorLog, NeverSpeaksInTheWordsOfExitCodes126And127) {
  EXPECT_EQ(error_message("/Permission Denied/x: no such file or directory"),
            "hardened: /Permission-Denied/x: no-such-file-or-directory");
  EXPECT_EQ(error_message("EXECUTABLE FILE NOT FOUND, not a directory"),
            "hardened: EXECUTABLE-FILE-NOT-FOUND, not-a-directory");
  EXPECT_EQ(error_message("perm\u0130ss\u0130on denied"),
            "hardened: perm\\u{0130}ss\\u{0130}on denied");
}

TEST(ErrorLog, IsOneHarmlessLine) {
  EXPECT_EQ(error_message("a\n{\"level\":\"error\"}\x1b[0m\xff"),
            "hardened: a\\x0a{\"level\":\"error\"}\\x1b[0m\\xff");
}

}  // namespace
}  // namespace hardened
