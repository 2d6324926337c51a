// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kOutputLimit = 1U << 20;
constexpr std::size_t kPart = 64U << 10;

std::vector<char*> argument_vector(const std::string& path,
                                   const std::vector<std::string>& arguments) {
  std::vector<char*> vector{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments)
    vector.push_back(const_cast<char*>(argument.c_str()));
  vector.push_back(nullptr);
  return vector;
}

// exit_signal: what the kernel sends the parent when the child ends; 0 for nothing.
pid_t clone_process(int exit_signal) {
  return static_cast<pid_t>(::syscall(SYS_clone, exit_signal, nullptr, nullptr, nullptr, 0));
}

// Only async-signal-safe calls from here on: this runs in a copy of the caller made behind glibc's
// back.

void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before that; in another pid namespace it has no number at all.
  if (::getppid() != parent && ::getppid() != 0) ::_exit(ESRCH);
}

[[noreturn]] void become(char* const* vector, int nothing, int output) {
  if (::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
      ::dup2(nothing, STDERR_FILENO) >= 0) {
    ::execve(vector[0], vector, ::environ);
  }
  ::_exit(127);
}

// Between caller and program stands a process that never calls execve. A caller that ignores
// SIGCHLD would have its child reaped under our hands, and one that handles it would be told of a
// child it never made; an exit signal of 0 avoids both, but execve sets it to SIGCHLD.
// Both end with the caller: nobody would be left to read what the program says.
[[noreturn]] void supervise(char* const* vector, int nothing, int output) {
  std::signal(SIGCHLD, SIG_DFL);
  const pid_t self = ::getpid();
  const pid_t program = clone_process(SIGCHLD);
  if (program == 0) {
    die_with(self);
    become(vector, nothing, output);
  }
  ::close(output);
  int status = 0;
  pid_t waited = 0;
  do {
    waited = ::waitpid(program, &status, 0);
  } while (waited < 0 && errno == EINTR);
  if (waited < 0) ::_exit(127);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

struct Pipe {
  Descriptor reader;
  Descriptor writer;
};

// Neither end is 0, 1 or 2, where dup2 in the child would overwrite it.
Pipe make_pipe(Kernel& kernel) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error::from_errno(errno, "pipe");
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  Pipe pipe;
  pipe.reader = kernel.duplicate(reader.number(), STDERR_FILENO + 1);
  pipe.writer = kernel.duplicate(writer.number(), STDERR_FILENO + 1);
  return pipe;
}

}  // namespace

void replace_process(const std::string& path, const std::vector<std::string>& arguments) {
  const std::vector<char*> vector = argument_vector(path, arguments);
  ::execve(path.c_str(), vector.data(), ::environ);
  throw Error::from_errno(errno, "start " + printable(path));
}

std::string run_program(Kernel& kernel, const std::string& path,
                        const std::vector<std::string>& arguments) {
  std::string output;
  stream_program(kernel, path, arguments, [&](std::string_view part) {
    output += part;
    if (output.size() > kOutputLimit)
      throw Error(ErrorKind::invalid_input, "more than " + std::to_string(kOutputLimit) + " bytes");
  });
  return output;
}

void stream_program(Kernel& kernel, const std::string& path,
                    const std::vector<std::string>& arguments,
                    const std::function<void(std::string_view)>& part) {
  const std::vector<char*> vector = argument_vector(path, arguments);
  const Descriptor nothing = kernel.open(kWorkingDirectory, "/dev/null", O_RDWR, Walk::follow);
  Pipe pipe = make_pipe(kernel);
  const pid_t self = ::getpid();
  const pid_t child = clone_process(0);
  if (child == 0) {
    die_with(self);
    supervise(vector.data(), nothing.number(), pipe.writer.number());
  }
  if (child < 0) throw Error::from_errno(errno, "fork for " + printable(path));
  pipe.writer = Descriptor();
  try {
    for (std::string read; !(read = kernel.read_some(pipe.reader.number(), kPart)).empty();)
      part(read);
  } catch (Error& error) {
    ::kill(child, SIGKILL);  // and by PDEATHSIG the program
    wait_for_child(child);
    throw error.within("output of " + printable(path));
  }
  const int code = wait_for_child(child);
  if (code == 0) return;
  throw Error(ErrorKind::system, printable(path) + " ended with exit code " + std::to_string(code));
}

pid_t start_child(int flags, const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  const pid_t child = clone_process(flags);
  if (child == 0) {
    die_with(parent);
    ::_exit(body());
  }
  if (child < 0) throw Error::from_errno(errno, "fork");
  return child;
}

int wait_for_child(pid_t child) {
  int status = 0;
  pid_t waited = 0;
  do {
    waited = ::waitpid(child, &status, __WALL);
  } while (waited < 0 && errno == EINTR);
  if (waited < 0) throw Error::from_errno(errno, "wait for process " + std::to_string(child));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace hardened
