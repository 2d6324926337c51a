// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/trial_container.hpp"

#include <fcntl.h>

#include "hardened/core/archive.hpp"
#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestExecutable = 256U << 20;  // with sanitizers 100 MiB

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// An image with /hardened in it, removed with this.
class TrialImage {
 public:
  TrialImage(Kernel& kernel, const DockerClient& docker) : docker_(docker) {
    const Descriptor self =
        kernel.open(kWorkingDirectory, "/proc/self/exe", O_RDONLY, Walk::follow);
    const Descriptor archive = kernel.memory_file("trial");
    kernel.write_all(archive.number(),
                     archive_of("hardened", kernel.read_all(self.number(), kLargestExecutable)));
    const auto own = kernel.read_link(kWorkingDirectory, "/proc/self");
    if (!own) throw Error(ErrorKind::unsupported, "/proc is not mounted");
    // The client reads it by our name: no file on disk that would have to be removed.
    const std::string path = "/proc/" + *own + "/fd/" + std::to_string(archive.number());
    id_ = first_line(docker.output({"import", path}));
  }
  TrialImage(const TrialImage&) = delete;
  TrialImage& operator=(const TrialImage&) = delete;
  ~TrialImage() {
    try {
      docker_.output({"rmi", id_});
    } catch (const std::exception&) {
      // An image without a name: `docker image prune` takes it.
    }
  }
  const std::string& id() const { return id_; }

 private:
  const DockerClient& docker_;
  std::string id_;
};

class TrialContainer {
 public:
  TrialContainer(const DockerClient& docker, const TrialImage& image)
      : docker_(docker),
        id_(first_line(docker.output({"create", "--runtime", std::string(kRuntimeName), "--network",
                                      "none", image.id(), "/hardened", "help"}))) {}
  TrialContainer(const TrialContainer&) = delete;
  TrialContainer& operator=(const TrialContainer&) = delete;
  ~TrialContainer() {
    try {
      docker_.output({"rm", "--force", id_});
    } catch (const std::exception&) {
      // Listed by `docker ps -a`.
    }
  }

  void run_to_its_end() {
    try {
      docker_.output({"start", id_});
    } catch (const Error&) {
      throw Error(ErrorKind::unsupported, state("{{.State.Error}}"));
    }
    const std::string code = first_line(docker_.output({"wait", id_}));
    if (code != "0") {
      throw Error(ErrorKind::unsupported, "it ended with exit code " + printable(code));
    }
  }

 private:
  std::string state(const std::string& format) const {
    const std::string text =
        first_line(docker_.output({"inspect", "--type", "container", "--format", format, id_}));
    return printable(text, 1000);
  }

  const DockerClient& docker_;
  std::string id_;
};

}  // namespace

void try_docker(Kernel& kernel, const DockerClient& docker) try {
  const TrialImage image(kernel, docker);
  TrialContainer(docker, image).run_to_its_end();
} catch (Error& error) {
  throw error.within("the trial container did not run");
}

}  // namespace hardened
