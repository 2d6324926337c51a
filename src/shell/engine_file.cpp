// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/engine_file.hpp"

#include <fcntl.h>

#include <cerrno>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestFile = 1U << 20;

}  // namespace

EngineFile::EngineFile(Kernel& kernel, std::string path)
    : kernel_(kernel), path_(lexical_path(path)), name_(path_.substr(path_.rfind('/') + 1)) {
  if (!path.starts_with('/') || name_.empty()) {
    throw Error(ErrorKind::usage, printable(path) + ": an absolute path of a file is needed");
  }
  read();
}

void EngineFile::read() try {
  // O_NONBLOCK: a FIFO would hold us in open for ever.
  const Descriptor file =
      kernel_.open(kWorkingDirectory, path_, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, Walk::follow);
  const struct stat status = kernel_.status(file.number());
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::refused, "not a regular file");
  text_ = kernel_.read_all(file.number(), kLargestFile);
  present_ = true;
  uid_ = status.st_uid;
  gid_ = status.st_gid;
  mode_ = status.st_mode & 0777;
} catch (Error& error) {
  if (error.number() == ENOENT) return;
  // What made the link would not find its work again if a file took its place.
  if (error.number() == ELOOP) {
    throw Error(ErrorKind::refused, printable(path_) + ": a symbolic link; name what it leads to");
  }
  throw error.within(printable(path_));
}

void EngineFile::save_backup() try {
  if (!present_) return;
  const Descriptor directory = open_directory();
  write(directory.number(), name_ + std::string(kBackupEnding), text_);
} catch (Error& error) {
  throw error.within(printable(backup_path()));
}

void EngineFile::replace(std::string_view text) try {
  if (!present_) kernel_.make_directory(kWorkingDirectory, parent_of(path_), 0755);
  const Descriptor directory = open_directory();
  write(directory.number(), name_, text);
  present_ = true;
  text_ = text;
} catch (Error& error) {
  throw error.within(printable(path_));
}

void EngineFile::remove() try {
  if (!present_) return;
  const Descriptor directory = open_directory();
  kernel_.unlink(directory.number(), name_, 0);
  present_ = false;
  text_.clear();
  kernel_.sync(directory.number());
} catch (Error& error) {
  throw error.within(printable(path_));
}

Descriptor EngineFile::open_directory() const {
  return kernel_.open(kWorkingDirectory, parent_of(path_), O_RDONLY | O_DIRECTORY, Walk::follow);
}

void EngineFile::write(int directory, const std::string& name, std::string_view text) {
  // No name that a drop-in directory would be searched for: hidden, and of no known ending.
  const std::string temporary = "." + name + ".hardened-new";
  try {
    kernel_.unlink(directory, temporary, 0);  // what a killed one left
  } catch (const Error& error) {
    if (error.number() != ENOENT) throw;
  }
  const Descriptor file = kernel_.open(
      directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, Walk::beneath_no_links, 0600);
  try {
    kernel_.write_all(file.number(), text);
    // Owner first: changing it later would clear mode bits again.
    const struct stat status = kernel_.status(file.number());
    if (status.st_uid != uid_ || status.st_gid != gid_) {
      kernel_.change_owner(file.number(), uid_, gid_);
    }
    kernel_.change_mode(file.number(), mode_);
    kernel_.sync(file.number());
    kernel_.rename(directory, temporary, name);
  } catch (...) {
    try {
      kernel_.unlink(directory, temporary, 0);
    } catch (const std::exception&) {
      // The failure that led here is the one to report.
    }
    throw;
  }
  kernel_.sync(directory);
}

std::string text_of_file(Kernel& kernel, const std::string& path) try {
  const Descriptor file = kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK, Walk::follow);
  return kernel.read_all(file.number(), kLargestFile);
} catch (Error& error) {
  if (error.number() == ENOENT) return "";
  throw error.within(printable(path));
}

}  // namespace hardened
