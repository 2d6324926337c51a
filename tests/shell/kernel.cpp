// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/kernel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "fake_kernel.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class RealKernels : public ::testing::Test {
 protected:
  Descriptor at(const std::string& path) {
    return kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
  }
  Kernel& kernel = real_kernel();
  TemporaryDirectory directory;
};

TEST_F(RealKernels, EveryDescriptorIsClosedOnExec) {
  put(directory / "file", "");
  const Descriptor file =
      kernel.open(kWorkingDirectory, directory / "file", O_RDONLY, Walk::follow);
  EXPECT_EQ(::fcntl(file.number(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(kernel.memory_file("test").number(), F_GETFD), FD_CLOEXEC);
  const Descriptor copy = kernel.duplicate(file.number(), 100);
  EXPECT_GE(copy.number(), 100);
  EXPECT_EQ(::fcntl(copy.number(), F_GETFD), FD_CLOEXEC);
  kernel.keep_on_exec(copy.number());
  EXPECT_EQ(::fcntl(copy.number(), F_GETFD), 0);
  kernel.close_on_exec_from(copy.number());
  EXPECT_EQ(::fcntl(copy.number(), F_GETFD), FD_CLOEXEC);
}

TEST_F(RealKernels, AClosedStandardStreamIsNeverReused) {
  const int saved = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  ::close(STDIN_FILENO);
  const Descriptor opened = kernel.open(kWorkingDirectory, "/dev/null", O_RDONLY, Walk::follow);
  const Descriptor memory = kernel.memory_file("test");
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  EXPECT_GT(opened.number(), STDERR_FILENO);
  EXPECT_GT(memory.number(), STDERR_FILENO);
}

TEST_F(RealKernels, AWalkBeneathDoesNotLeaveTheDirectory) {
  fs::create_directory(directory / "inner");
  fs::create_symlink("/etc", directory / "inner/out");
  const Descriptor inner = at(directory / "inner");
  EXPECT_EQ(error_of([&] { kernel.open(inner.number(), "..", O_PATH, Walk::beneath); }).number(),
            EXDEV);
  EXPECT_EQ(error_of([&] { kernel.open(inner.number(), "out", O_PATH, Walk::beneath); }).number(),
            EXDEV);
  EXPECT_EQ(error_of([&] {
              kernel.open(inner.number(), "out/passwd", O_PATH, Walk::beneath_no_links);
            }).number(),
            ELOOP);
  EXPECT_EQ(error_of([&] {
              kernel.open(kWorkingDirectory, directory / "inner/out/passwd", O_PATH,
                          Walk::no_links);
            }).number(),
            ELOOP);
}

TEST_F(RealKernels, APathWithNulIsRefusedNotCutShort) {
  const std::string path = "/etc/passwd" + std::string(1, '\0') + "x";
  EXPECT_EQ(error_of([&] { kernel.open(kWorkingDirectory, path, O_PATH, Walk::follow); }).kind(),
            ErrorKind::invalid_input);
}

TEST_F(RealKernels, ErrorsNameThePathAndNotDockersWords) {
  const Error error =
      error_of([&] { kernel.open(kWorkingDirectory, directory / "none", O_RDONLY, Walk::follow); });
  EXPECT_EQ(std::string(error.what()), "open " + directory / "none" + ": does not exist");
  EXPECT_EQ(error.kind(), ErrorKind::system);
}

TEST_F(RealKernels, ReadingStopsAtTheLimit) {
  put(directory / "file", std::string(100, 'x'));
  const auto read = [&](std::size_t limit) {
    return kernel.read_all(
        kernel.open(kWorkingDirectory, directory / "file", O_RDONLY, Walk::follow).number(), limit);
  };
  EXPECT_EQ(read(100).size(), 100U);
  EXPECT_EQ(error_of([&] { read(99); }).kind(), ErrorKind::invalid_input);
}

TEST_F(RealKernels, ListsNamesWithoutMovingTheCallersDescriptor) {
  put(directory / "a", "");
  put(directory / "b", "");
  const Descriptor listed =
      kernel.open(kWorkingDirectory, directory.path(), O_RDONLY | O_DIRECTORY, Walk::follow);
  for (int repeat = 0; repeat < 2; ++repeat) {
    auto names = kernel.list(listed.number());
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
  }
}

TEST_F(RealKernels, ReadsLinksAndTellsAFileFromOne) {
  fs::create_symlink("target", directory / "link");
  put(directory / "file", "");
  const Descriptor held = at(directory.path());
  EXPECT_EQ(kernel.read_link(held.number(), "link"), "target");
  EXPECT_EQ(kernel.read_link(held.number(), "file"), std::nullopt);
  EXPECT_EQ(kernel.read_link(held.number(), "none"), std::nullopt);
}

TEST_F(RealKernels, ASealedFileCannotBeChanged) {
  const Descriptor file = kernel.memory_file("test");
  kernel.write_all(file.number(), "text");
  kernel.seal(file.number());
  EXPECT_EQ(error_of([&] { kernel.write_all(file.number(), "more"); }).number(), EPERM);
}

TEST_F(RealKernels, TheMountIdTellsMountsApart) {
  EXPECT_EQ(kernel.mount_id(at(directory.path()).number()),
            kernel.mount_id(at(directory.path()).number()));
  EXPECT_NE(kernel.mount_id(at("/proc").number()), kernel.mount_id(at("/").number()));
}

TEST_F(RealKernels, GivesTheOutputOfAProgram) {
  EXPECT_EQ(kernel.output_of("/bin/sh", {"-c", "echo out; echo lost >&2; cat"}), "out\n");
}

TEST_F(RealKernels, AProgramThatFailsOrCannotStartIsASystemError) {
  const auto run = [&](const std::string& script) {
    return error_of([&] { kernel.output_of("/bin/sh", {"-c", script}); });
  };
  EXPECT_EQ(std::string(run("exit 3").what()), "/bin/sh ended with exit code 3");
  EXPECT_EQ(std::string(run("kill -9 $$").what()), "/bin/sh ended with exit code 137");
  EXPECT_EQ(run("while :; do echo 0123456789; done").kind(), ErrorKind::invalid_input);
  EXPECT_EQ(error_of([&] { kernel.output_of(directory / "none", {}); }).kind(), ErrorKind::system);
}

TEST_F(RealKernels, ACallerThatIgnoresItsChildrenStillGetsTheExitCode) {
  const auto handler = std::signal(SIGCHLD, SIG_IGN);
  std::string output;
  EXPECT_NO_THROW(output = kernel.output_of("/bin/echo", {"out"}));
  EXPECT_EQ(std::signal(SIGCHLD, handler), SIG_IGN);
  EXPECT_EQ(output, "out\n");
}

TEST_F(RealKernels, AProgramEndsWithACallerThatIsKilled) {
  // Whoever lives holds the writing end.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t caller = ::fork();
  if (caller == 0) {
    ::close(ends[0]);
    const std::string script =
        "echo > /proc/self/fd/" + std::to_string(ends[1]) + "; exec sleep 300";
    kernel.output_of("/bin/sh", {"-c", script});
    ::_exit(1);
  }
  ::close(ends[1]);
  char started = 0;
  EXPECT_EQ(::read(ends[0], &started, 1), 1);
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  pollfd reader{.fd = ends[0], .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&reader, 1, 10000), 1);
  EXPECT_EQ(reader.revents, POLLHUP);
  ::close(ends[0]);
}

TEST_F(RealKernels, ExecutingKeepsSignalMaskDispositionsAndUmask) {
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t mask;
    ::sigemptyset(&mask);
    ::sigaddset(&mask, SIGUSR1);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    std::signal(SIGUSR2, SIG_IGN);
    ::umask(0137);
    kernel.execute("/bin/cp", {"/proc/self/status", directory / "out"});
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const std::string out = text_of(directory / "out");
  EXPECT_NE(out.find("Umask:\t0137"), std::string::npos) << out;
  EXPECT_NE(out.find("SigBlk:\t0000000000000200"), std::string::npos) << out;
  EXPECT_NE(out.find("SigIgn:\t0000000000000800"), std::string::npos) << out;
}

TEST_F(RealKernels, ExecutingClosesWhatIsNotAskedForAndTellsTheProgramItsPath) {
  put(directory / "held", "");
  put(directory / "kept", "");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto open = [&](const char* name) {
      return kernel.open(kWorkingDirectory, directory / name, O_RDONLY, Walk::follow);
    };
    const Descriptor held = open("held");
    const Descriptor kept = open("kept");
    kernel.keep_on_exec(kept.number());
    kernel.execute("/bin/sh", {"-c", "{ tr '\\0' ' ' < /proc/$$/cmdline; ls -l /proc/$$/fd; } > " +
                                         directory / "out"});
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const std::string out = text_of(directory / "out");
  EXPECT_TRUE(out.starts_with("/bin/sh -c ")) << out;
  EXPECT_EQ(out.find("/held"), std::string::npos) << out;
  EXPECT_NE(out.find("/kept"), std::string::npos) << out;
}

TEST_F(RealKernels, ExecutingWhatIsNotThereThrows) {
  EXPECT_EQ(error_of([&] { kernel.execute(directory / "none", {}); }).number(), ENOENT);
}

}  // namespace
}  // namespace hardened
