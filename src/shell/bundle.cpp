// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/bundle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr const char* kConfig = "config.json";
const std::string kTemporary = ".config.json.hardened-";  // and the pid of who writes it

// Anyone could put another document in place between our judgement and the runtime's reading. The
// sticky bit keeps files of others from being renamed.
void refuse_open_to_everyone(const struct stat& status, const std::string& what) {
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & S_IWOTH) != 0 && !sticky) {
    throw Error(ErrorKind::refused, what + " is writable by everyone");
  }
}

std::string own_process_id(Kernel& kernel) {
  const auto id = kernel.read_link(kWorkingDirectory, "/proc/self");
  if (!id) throw Error(ErrorKind::unsupported, "/proc is not mounted");
  return *id;
}

}  // namespace

Bundle::Bundle(Kernel& kernel, Descriptor directory, std::string path)
    : kernel_(&kernel),
      directory_(std::move(directory)),
      path_(std::move(path)),
      temporary_(kTemporary + own_process_id(kernel)) {}

Bundle Bundle::open(Kernel& kernel, const std::string& path) try {
  Descriptor directory = kernel.open(kWorkingDirectory, path, O_RDONLY | O_DIRECTORY, Walk::follow);
  refuse_open_to_everyone(kernel.status(directory.number()), "the directory");
  auto canonical =
      kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(directory.number()));
  if (!canonical || !canonical->starts_with('/')) {
    throw Error(ErrorKind::unsupported, "its path cannot be read from /proc");
  }
  return {kernel, std::move(directory), std::move(*canonical)};
} catch (Error& error) {
  throw error.within("bundle " + printable(path));
}

const std::string& Bundle::read() { return original().text; }

Json Bundle::document() {
  const std::string& text = read();
  try {
    return parse_document(text);
  } catch (Error& error) {
    throw error.within(printable(path_) + "/" + kConfig);
  }
}

const Bundle::Original& Bundle::original() try {
  if (original_) return *original_;
  // O_NOFOLLOW: a link would have us read, and then replace, what lies elsewhere. O_NONBLOCK: a
  // FIFO would hold us in open for ever.
  const Descriptor file = kernel_->open(directory(), kConfig, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
                                        Walk::beneath_no_links);
  const struct stat status = kernel_->status(file.number());
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::invalid_input, "not a regular file");
  refuse_open_to_everyone(status, "it");
  std::string text = kernel_->read_all(file.number(), ParseLimits{}.bytes);
  original_ = Original{std::move(text), status.st_uid, status.st_gid, status.st_mode & 0777};
  return *original_;
} catch (Error& error) {
  if (error.number() == ELOOP) {
    throw Error(ErrorKind::invalid_input, printable(path_) + "/config.json: a symbolic link");
  }
  throw error.within(printable(path_) + "/" + kConfig);
}

// What killed wrappers left in a bundle that is used again. What fails is left to the next.
void Bundle::remove_leftovers() noexcept {
  try {
    for (const std::string& name : kernel_->list(directory())) {
      if (!name.starts_with(kTemporary)) continue;
      const std::string writer = name.substr(kTemporary.size());
      const bool number =
          !writer.empty() && writer.find_first_not_of("0123456789") == std::string::npos;
      if (number && !exists(*kernel_, "/proc/" + writer)) kernel_->unlink(directory(), name, 0);
    }
  } catch (const std::exception&) {
    // Not what this container was called for.
  }
}

// What a killed wrapper of the same pid left is replaced; a name that is in use now cannot be: pids
// are unique.
void Bundle::write_temporary(std::string_view text) {
  const Original& original = this->original();
  const auto create = [&] {
    return kernel_->open(directory(), temporary_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                         Walk::beneath_no_links, 0600);
  };
  Descriptor file;
  try {
    file = create();
  } catch (const Error& error) {
    if (error.number() != EEXIST) throw;
    kernel_->unlink(directory(), temporary_, 0);
    file = create();
  }
  try {
    kernel_->write_all(file.number(), text);
    // Owner first: changing it later would clear mode bits again.
    const struct stat status = kernel_->status(file.number());
    if (status.st_uid != original.uid || status.st_gid != original.gid) {
      kernel_->change_owner(file.number(), original.uid, original.gid);
    }
    kernel_->change_mode(file.number(), original.mode);
    kernel_->sync(file.number());
  } catch (...) {
    remove_temporary();
    throw;
  }
}

void Bundle::remove_temporary() noexcept {
  try {
    kernel_->unlink(directory(), temporary_, 0);
  } catch (const std::exception&) {
    // The failure that led here is the one to report.
  }
}

Bundle::Replacement::Replacement(Bundle& bundle, std::string_view text) try : bundle_(&bundle) {
  bundle.remove_leftovers();
  bundle.write_temporary(text);
} catch (Error& error) {
  throw error.within(printable(bundle.path_) + "/config.json cannot be replaced");
}

Bundle::Replacement::Replacement(Replacement&& other) noexcept
    : bundle_(std::exchange(other.bundle_, nullptr)), committed_(other.committed_) {}

Bundle::Replacement::~Replacement() {
  if (bundle_ != nullptr && !committed_) bundle_->remove_temporary();
}

void Bundle::Replacement::commit() try {
  bundle_->kernel_->rename(bundle_->directory(), bundle_->temporary_, kConfig);
  committed_ = true;
} catch (Error& error) {
  throw error.within(printable(bundle_->path_) + "/config.json cannot be replaced");
}

void Bundle::Replacement::undo() noexcept {
  if (bundle_ == nullptr || !committed_) return;
  try {
    bundle_->write_temporary(bundle_->original_->text);
  } catch (const std::exception&) {
    return;
  }
  try {
    bundle_->kernel_->rename(bundle_->directory(), bundle_->temporary_, kConfig);
  } catch (const std::exception&) {
    bundle_->remove_temporary();
  }
}

}  // namespace hardened
