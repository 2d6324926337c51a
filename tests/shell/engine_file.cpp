// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/engine_file.hpp"

#include "fake_kernel.hpp"

namespace hardened {
namespace {

TEST(EngineFile, AFailedWriteLeavesTheFileAndNothingElse) {
  const TemporaryDirectory directory;
  const std::string path = directory / "daemon.json";
  put(path, "{\"old\": 1}\n");
  ::chmod(path.c_str(), 0640);
  const auto before = snapshot(directory.path());
  FakeKernel counter;
  EngineFile(counter, path).replace("{}\n");
  put(path, "{\"old\": 1}\n");
  // The last call is the directory's sync: the new file stands then, and that it does is said.
  for (std::size_t index = 0; index + 1 < counter.calls.size(); ++index) {
    FakeKernel kernel;
    kernel.fail_at = index;
    const Error error = error_of([&] { EngineFile(kernel, path).replace("{\"new\": 2}\n"); });
    EXPECT_EQ(error.kind(), ErrorKind::system);
    EXPECT_EQ(snapshot(directory.path()), before) << counter.calls[index];
  }
}

TEST(EngineFile, ANewTextKeepsOwnerAndModeAndSoDoesTheBackup) {
  const TemporaryDirectory directory;
  const std::string path = directory / "daemon.json";
  put(path, "old");
  ::chmod(path.c_str(), 0600);
  EngineFile file(real_kernel(), path);
  file.save_backup();
  file.replace("new");
  EXPECT_EQ(text_of(path), "new");
  EXPECT_EQ(text_of(file.backup_path()), "old");
  for (const std::string& name : {path, file.backup_path()}) {
    struct stat status {};
    ASSERT_EQ(::stat(name.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

TEST(EngineFile, WhatIsNotThereIsEmptyAndIsMadeWithItsDirectory) {
  const TemporaryDirectory directory;
  EngineFile file(real_kernel(), directory / "docker/daemon.json");
  EXPECT_FALSE(file.present());
  file.save_backup();
  file.replace("{}\n");
  EXPECT_EQ(text_of(directory / "docker/daemon.json"), "{}\n");
  EXPECT_FALSE(exists(real_kernel(), file.backup_path()));
}

TEST(EngineFile, ALinkAndADirectoryAreRefused) {
  const TemporaryDirectory directory;
  put(directory / "real", "{}");
  std::filesystem::create_symlink("real", directory / "link");
  const auto kind_of = [&](const std::string& name) {
    return error_of([&] { EngineFile(real_kernel(), directory / name); }).kind();
  };
  EXPECT_EQ(kind_of("link"), ErrorKind::refused);
  std::filesystem::create_directory(directory / "directory");
  EXPECT_EQ(kind_of("directory"), ErrorKind::refused);
  EXPECT_EQ(error_of([&] { EngineFile(real_kernel(), "relative"); }).kind(), ErrorKind::usage);
}

TEST(EngineFile, WhatAKilledOneLeftIsReplaced) {
  const TemporaryDirectory directory;
  put(directory / ".daemon.json.hardened-new", "half");
  EngineFile(real_kernel(), directory / "daemon.json").replace("{}");
  EXPECT_FALSE(exists(real_kernel(), directory / ".daemon.json.hardened-new"));
}

}  // namespace
}  // namespace hardened
