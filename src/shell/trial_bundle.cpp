// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/json_text.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/engine_file.hpp"
#include "hardened/shell/runtime.hpp"
#include "hardened/shell/trial_container.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestExecutable = 256U << 20;

// Not below /run: Debian mounts that without execution, and our own state directory is no place for
// a rootfs. Engines keep theirs below /var too.
constexpr const char* kPlace = "/var/cache/hardened-trial";

// A directory of its own with rootfs/hardened and config.json, removed with this.
class TrialBundle {
 public:
  TrialBundle(Kernel& kernel, const Environment& environment) : kernel_(kernel) {
    const auto own = kernel.read_link(kWorkingDirectory, "/proc/self");
    if (!own) throw Error(ErrorKind::unsupported, "/proc is not mounted");
    id_ = "hardened-trial-" + *own;
    path_ = std::string(kPlace) + '/' + *own;
    kernel.make_directory(kWorkingDirectory, kPlace, 0711);
    try {
      fill(find_runtime(kernel, environment));
    } catch (...) {
      remove();
      throw;
    }
  }
  TrialBundle(const TrialBundle&) = delete;
  TrialBundle& operator=(const TrialBundle&) = delete;
  ~TrialBundle() { remove(); }

  const std::string& id() const { return id_; }
  const std::string& path() const { return path_; }
  std::string log() const { return path_ + "/log.json"; }

 private:
  void fill(const std::string& runtime) {
    // The container's root is an unprivileged id, which has to come by.
    kernel_.make_directory(kWorkingDirectory, path_, 0711);
    kernel_.make_directory(kWorkingDirectory, path_ + "/rootfs", 0755);
    kernel_.output_of(runtime, {"spec", "--bundle", path_});
    EngineFile config(kernel_, path_ + "/config.json");
    const std::string without_terminal = with_member(config.text(), {"process", "terminal"}, false);
    config.replace(
        with_member(without_terminal, {"process", "args"}, Json::array({"/hardened", "help"})));
    const Descriptor self =
        kernel_.open(kWorkingDirectory, "/proc/self/exe", O_RDONLY, Walk::follow);
    const Descriptor copy = kernel_.open(kWorkingDirectory, path_ + "/rootfs/hardened",
                                         O_WRONLY | O_CREAT | O_EXCL, Walk::no_links, 0755);
    kernel_.write_all(copy.number(), kernel_.read_all(self.number(), kLargestExecutable));
    kernel_.change_mode(copy.number(), 0755);
  }

  // Depth first; what the runtime made in the rootfs (mount points) too.
  void remove_below(const std::string& path) {
    {
      const Descriptor directory = kernel_.open(
          kWorkingDirectory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Walk::no_links);
      for (const std::string& name : kernel_.list(directory.number())) {
        try {
          kernel_.unlink(directory.number(), name, 0);
        } catch (const Error&) {
          remove_below(path + '/' + name);
        }
      }
    }
    kernel_.unlink(kWorkingDirectory, path, AT_REMOVEDIR);
  }
  void remove() noexcept {
    try {
      remove_below(path_);
      kernel_.unlink(kWorkingDirectory, kPlace, AT_REMOVEDIR);
    } catch (const std::exception&) {
      // A cache: what stays does no harm, and another trial may be in there.
    }
  }

  Kernel& kernel_;
  std::string id_;
  std::string path_;
};

// The error that the last call wrote to its log as an engine would read it; empty without one.
std::string logged_error(Kernel& kernel, const std::string& log) {
  std::string message;
  for (const std::string& line : split(text_of_file(kernel, log), '\n')) {
    if (line.empty()) continue;
    const Json entry = parse_document(line);
    if (find_string(entry, "/level") == "error") {
      message = find_string(entry, "/msg").value_or("");
    }
  }
  return printable(message, 1000);
}

}  // namespace

void try_bundle(Kernel& kernel, const Environment& environment, const std::string& executable) try {
  const TrialBundle bundle(kernel, environment);
  try {
    kernel.output_of(executable, {"--log", bundle.log(), "--log-format", "json", "run", "--bundle",
                                  bundle.path(), bundle.id()});
  } catch (const Error& error) {
    const std::string logged = logged_error(kernel, bundle.log());
    try {
      kernel.output_of(executable, {"delete", "--force", bundle.id()});
    } catch (const Error&) {
      // Nothing was made then.
    }
    throw Error(ErrorKind::unsupported, logged.empty() ? error.what() : logged);
  }
} catch (Error& error) {
  throw error.within("the trial container did not run");
}

}  // namespace hardened
