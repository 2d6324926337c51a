// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hardened::probe {
namespace {

constexpr int kNoWaiting = O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW;
constexpr int kDeepest = 12;

struct Count {
  int opened = 0;
  int seen = 0;
  int error = 0;
  std::string first;
};

bool opens_for_writing(const std::string& path, int& error) {
  const int file = ::open(path.c_str(), O_WRONLY | kNoWaiting);
  if (file < 0) {
    error = errno;
    return false;
  }
  ::close(file);
  return true;
}

// Anyone may write /proc/pressure, by the kernel's own design.
bool skipped(const std::string& name) {
  return name == "pressure" || name == "." || name == ".." || name == "self" ||
         name == "thread-self" || (name[0] >= '0' && name[0] <= '9');
}

void walk(const std::string& directory, Count& count, int depth) {
  DIR* const opened = depth < kDeepest ? ::opendir(directory.c_str()) : nullptr;
  if (opened == nullptr) return;
  while (const dirent* const entry = ::readdir(opened)) {
    const std::string name = entry->d_name;
    if (directory == "/proc" ? skipped(name) : (name == "." || name == "..")) continue;
    const std::string path = directory + '/' + name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) walk(path, count, depth + 1);
    if (!S_ISREG(status.st_mode)) continue;
    ++count.seen;
    if (!opens_for_writing(path, count.error)) continue;
    if (count.opened++ == 0) count.first = path;
  }
  ::closedir(opened);
}

}  // namespace

Outcome writable(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return by_place(-errno);
  if (S_ISCHR(status.st_mode)) return {Result::denied, 0, "masked"};
  int error = 0;
  return by_place(opens_for_writing(path, error) ? 0 : -error);
}

Outcome readable(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | kNoWaiting);
  if (file < 0) return by_place(-errno);
  char byte = 0;
  const ssize_t count = ::read(file, &byte, 1);
  if (count < 0) return by_errno(-errno);
  if (count == 0) return {Result::denied, 0, "masked"};
  return {Result::reached, 0};
}

Outcome any_writable_below(const std::string& directory) {
  Count count;
  walk(directory, count, 0);
  if (count.seen == 0) return {Result::absent, 0};
  if (count.opened == 0)
    return {Result::denied, count.error, "none of " + std::to_string(count.seen)};
  return {Result::reached, 0, std::to_string(count.opened) + ": " + count.first};
}

Outcome makes_files(const std::string& directory) {
  const std::string path = directory + (directory.back() == '/' ? "" : "/") + "made-by-the-probe";
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return by_place(-errno);
  ::unlink(path.c_str());
  return {Result::reached, 0, directory};
}

}  // namespace hardened::probe
