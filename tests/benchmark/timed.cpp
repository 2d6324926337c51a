// SPDX-License-Identifier: Apache-2.0
// Runs one command and prints what it took: seconds until it ended; seconds until it said that it
// had arrived (see arrival.cpp), or -; its peak of memory in KiB; its exit code. Small and static:
// the kernel counts the memory of who starts a program as the program's, and a large parent is slow
// to start anything.
//
// usage: timed PROGRAM [ARGUMENT...]      its standard output is not shown
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern char** environ;

namespace {

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return seconds_of(time);
}

[[noreturn]] void fail(const char* what, int number) {
  std::fprintf(stderr, "timed: %s: %s\n", what, std::strerror(number));
  std::exit(1);
}

// A terminal would be another way through the wrapper; an engine gives a container pipes.
pid_t start(char** words, int output) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, words[0], &actions, nullptr, words, environ);
  if (error != 0) fail(words[0], error);
  return child;
}

// A pipe holds 64 KiB: whatever a command says is waiting there when it has ended.
double arrival(int input) {
  char text[65536 + 1];
  const ssize_t size = ::read(input, text, sizeof(text) - 1);
  text[size < 0 ? 0 : size] = '\0';
  const char* found = std::strstr(text, "arrived ");
  return found == nullptr ? 0 : std::strtod(found + 8, nullptr);
}

}  // namespace

int main(int words, char** values) {
  if (words < 2) {
    std::fprintf(stderr, "usage: timed PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) fail("pipe", errno);
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);  // what a container left open is not waited for
  const double before = now();
  const pid_t child = start(values + 1, pipe[1]);
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) fail("wait4", errno);
  const double after = now();
  const double arrived = arrival(pipe[0]);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::printf("%.9f ", after - before);
  arrived > 0 ? std::printf("%.9f", arrived - before) : std::printf("-");
  std::printf(" %ld %d\n", usage.ru_maxrss, code);
}
