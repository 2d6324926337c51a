// SPDX-License-Identifier: Apache-2.0
// A real container in a host of the test's own: a mount namespace whose / is shared, as systemd
// leaves it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "../shell/fake_kernel.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/shell/bundle.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/stage.hpp"

namespace hardened {

struct Ended {
  int code = -1;
  std::string output;  // both streams
};

class ContainerTest : public ::testing::Test {
 protected:
  // Skips, with the reason, where the machine cannot run one; gtest asks for macros in void
  // functions.
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "not root";
    for (const char* program : {"/usr/sbin/runc", "/bin/busybox"}) {
      if (::access(program, X_OK) != 0) GTEST_SKIP() << program << " is not installed";
    }
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), 0);
    environment.state = directory / "state";
    environment.log = directory / "log";
    environment.journal = directory / "journal";
    make_rootfs();
    config = parse_document(kConfig);
    config["process"]["cwd"] = "/";
  }
  void TearDown() override {
    if (::geteuid() == 0) command({"runc", "--root", root(), "delete", "--force", "c1"});
  }

  std::string root() { return directory / "root"; }
  std::string bundle() { return directory / "bundle"; }
  void script(const std::string& text) { config["process"]["args"] = {"sh", "-c", text}; }
  void write_config() { put(bundle() + "/config.json", config.dump()); }
  void bind(const std::string& source, const std::string& destination,
            const std::vector<std::string>& options) {
    config["mounts"].push_back(
        {{"destination", destination}, {"type", "bind"}, {"source", source}, {"options", options}});
  }

  virtual Plan plan() { return plan_of({}); }
  Plan plan_of(const Facts& facts) {
    Plan plan;
    plan.config = config;
    plan.operations = mount_operations(config, facts, std::nullopt);
    return plan;
  }
  virtual Kernel& kernel() { return real_kernel(); }
  virtual Inspection look() {
    return inspect(real_kernel(), config, Policy::builtin().profile("standard"), bundle(),
                   Looking::must_see);
  }

  // For the whole way of a bundle.
  void write_policy() {
    environment.configuration = directory / "etc";
    std::filesystem::create_directory(environment.configuration);
    // The filter's evaluation makes no call that could fail, and takes most of the time. The rootfs
    // lies below /run.
    const Json rules{{"seccomp", {{"mode", "off"}}},
                     {"rootfs-shape", {{"storage", {directory.path().string()}}}}};
    put(environment.configuration + "/policy.json",
        Json{{"profiles", {{"standard", {{"rules", rules}}}}}}.dump());
  }

  // In a child, with its output collected.
  Ended in_child(const std::function<void()>& body) {
    const std::string file = directory / "output";
    const pid_t child = ::fork();
    if (child == 0) {
      const int output = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      const int nothing = ::open("/dev/null", O_RDONLY);
      ::dup2(nothing, 0);
      ::dup2(output, 1);
      ::dup2(output, 2);
      ::close(output);
      ::close(nothing);
      try {
        body();
      } catch (const std::exception& error) {
        dprintf(2, "thrown: %s\n", error.what());
        ::_exit(99);
      }
      ::_exit(0);
    }
    Ended outcome;
    int status = 0;
    ::waitpid(child, &status, 0);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.output = text_of(file);
    return outcome;
  }

  Ended command(std::vector<std::string> words) {
    return in_child([&] {
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
    });
  }

  // The wrapper's last steps for `runc run` (or create, as `arguments` say).
  Ended staged(
      std::vector<std::string> arguments, const std::function<void()>& after_opening = [] {}) {
    write_config();
    return in_child([&] {
      const Inspection seen = look();
      after_opening();
      Bundle held = Bundle::open(kernel(), bundle());
      const auto staging =
          stage_mounts(kernel(), environment, plan(), seen, held.directory(), "c1");
      arguments.insert(arguments.begin(), {"--root", root()});
      real_kernel().execute("/usr/sbin/runc", arguments);
    });
  }
  Ended run() { return staged({"run", "--bundle", bundle(), "c1"}); }

  TemporaryDirectory directory{"/run"};
  Environment environment;
  Json config;

 private:
  void make_rootfs() {
    namespace fs = std::filesystem;
    for (const char* name : {"bundle/rootfs/bin", "bundle/rootfs/proc", "bundle/rootfs/dev",
                             "bundle/rootfs/vol", "root"}) {
      fs::create_directories(directory / name);
    }
    fs::copy_file("/bin/busybox", directory / "bundle/rootfs/bin/busybox");
    for (const char* name : {"sh", "cat", "ls", "sleep", "readlink", "hostname", "tty", "touch"}) {
      fs::create_symlink("busybox", fs::path(bundle()) / "rootfs/bin" / name);
    }
  }

  static constexpr const char* kConfig = R"({
    "ociVersion": "1.0.2",
    "process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["true"], "env": ["PATH=/bin"],
                "cwd": "/", "noNewPrivileges": true},
    "root": {"path": "rootfs"},
    "mounts": [
      {"destination": "/proc", "type": "proc", "source": "proc"},
      {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
      {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}
    ],
    "linux": {"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
                             {"type": "mount"}]}
  })";
};

}  // namespace hardened
