// SPDX-License-Identifier: Apache-2.0
// A kernel that writes down every call and can fail any one of them, once. Files are real (tests
// give it a directory of their own); mounts are only recorded unless asked for, so that fault paths
// need no root.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

enum class Mounts { recorded, real };

struct Executed {
  std::string path;
  std::vector<std::string> arguments;
};

class FakeKernel final : public Kernel {
 public:
  explicit FakeKernel(Mounts mounts = Mounts::recorded) : mounts_(mounts) {}

  std::vector<std::string> calls;  // "open config.json"
  // The call of this index fails with this errno; the ones after it succeed again.
  std::size_t fail_at = SIZE_MAX;
  int failure = EIO;
  bool dies = false;  // instead, as by kill -9
  // Runs before the call of that text: something else happening on the host meanwhile.
  std::map<std::string, std::function<void()>> before;

  Descriptor open(int directory, const std::string& path, int flags, Walk walk,
                  mode_t mode) override {
    step("open " + path);
    return real_.open(directory, path, flags, walk, mode);
  }
  std::optional<Descriptor> find(int directory, const std::string& path, int flags,
                                 Walk walk) override {
    try {
      step("open " + path);
    } catch (const Error& error) {
      if (error.number() == ENOENT) return std::nullopt;
      throw;
    }
    return real_.find(directory, path, flags, walk);
  }
  std::string read_all(int descriptor, std::size_t limit) override {
    step("read");
    return real_.read_all(descriptor, limit);
  }
  std::string read_some(int descriptor, std::size_t most) override {
    step("read_some");
    return real_.read_some(descriptor, most);
  }
  void write_all(int descriptor, std::string_view data) override {
    // A full disk takes a part first.
    if (calls.size() == fail_at) real_.write_all(descriptor, data.substr(0, data.size() / 2));
    step("write");
    real_.write_all(descriptor, data);
  }
  void sync(int descriptor) override {
    step("sync");
    real_.sync(descriptor);
  }
  struct stat status(int descriptor) override {
    step("status");
    return real_.status(descriptor);
  }
  std::uint64_t mount_id(int descriptor) override {
    step("mount_id");
    return real_.mount_id(descriptor);
  }
  std::optional<std::string> read_link(int directory, const std::string& path) override {
    step("read_link");
    return real_.read_link(directory, path);
  }
  std::vector<std::string> list(int directory) override {
    step("list");
    return real_.list(directory);
  }
  void change_owner(int descriptor, uid_t uid, gid_t gid) override {
    step("change_owner");
    real_.change_owner(descriptor, uid, gid);
  }
  void change_mode(int descriptor, mode_t mode) override {
    step("change_mode");
    real_.change_mode(descriptor, mode);
  }
  void make_directory(int directory, const std::string& path, mode_t mode) override {
    step("make_directory " + path);
    real_.make_directory(directory, path, mode);
  }
  void rename(int directory, const std::string& from, const std::string& to) override {
    step("rename to " + to);
    real_.rename(directory, from, to);
  }
  void unlink(int directory, const std::string& path, int flags) override {
    step("unlink " + path);
    real_.unlink(directory, path, flags);
  }
  void lock(int descriptor, int operation) override {
    step("lock");
    real_.lock(descriptor, operation);
  }
  Descriptor memory_file(const std::string& name) override {
    step("memory_file");
    return real_.memory_file(name);
  }
  void seal(int descriptor) override {
    step("seal");
    real_.seal(descriptor);
  }
  Descriptor duplicate(int descriptor, int lowest) override {
    step("duplicate");
    return real_.duplicate(descriptor, lowest);
  }
  void close_on_exec_from(int lowest) override {
    step("close_on_exec_from");
    real_.close_on_exec_from(lowest);
  }
  void take_place(int descriptor, int number) override {
    step("take_place");
    real_.take_place(descriptor, number);
  }
  void keep_on_exec(int descriptor) override {
    step("keep_on_exec");
    real_.keep_on_exec(descriptor);
  }
  uid_t user() override { return real_.user(); }
  std::uint64_t real_time() override { return real_.real_time(); }
  std::uint64_t monotonic_time() override { return real_.monotonic_time(); }
  void truncate(int descriptor, std::uint64_t bytes) override {
    step("truncate");
    real_.truncate(descriptor, bytes);
  }
  void send_datagram(const std::string& path, std::string_view data) override {
    step("send_datagram " + path);
    real_.send_datagram(path, data);
  }

  void unshare_mounts() override {
    step("unshare_mounts");
    if (mounts_ == Mounts::real) real_.unshare_mounts();
  }
  void mount(const std::string& source, const std::string& target, const std::string& type,
             unsigned long flags, const std::string& data) override {
    step("mount " + type);
    if (mounts_ == Mounts::real) real_.mount(source, target, type, flags, data);
  }
  Descriptor open_tree(int descriptor, Tree tree) override {
    step(tree == Tree::recursive ? "open_tree recursive" : "open_tree single");
    if (mounts_ == Mounts::real) return real_.open_tree(descriptor, tree);
    return real_.duplicate(descriptor, 3);
  }
  void move_mount(int tree, int target_directory, const std::string& target) override {
    step("move_mount " + target);
    if (mounts_ == Mounts::real) real_.move_mount(tree, target_directory, target);
  }
  void unmount(const std::string& target) override {
    step("unmount");
    if (mounts_ == Mounts::real) real_.unmount(target);
  }
  void set_attributes(int tree, Tree which, const MountAttributes& attributes) override {
    step(attributes.id_map >= 0 ? "set_attributes id_map" : "set_attributes");
    if (mounts_ == Mounts::real) real_.set_attributes(tree, which, attributes);
  }
  void make_node(int directory, const std::string& name, mode_t mode, dev_t device,
                 const FileSystemIds& owner) override {
    step("make_node " + name);
    if (mounts_ == Mounts::real) {
      real_.make_node(directory, name, mode, device, owner);
    } else {
      real_.open(directory, name, O_CREAT | O_EXCL | O_WRONLY, Walk::beneath_no_links, 0600);
    }
  }
  bool read_only(int descriptor) override {
    step("read_only");
    return mounts_ == Mounts::real && real_.read_only(descriptor);
  }
  void forget_names(int descriptor) override {
    step("forget_names");
    if (mounts_ == Mounts::real) real_.forget_names(descriptor);
  }
  Descriptor user_namespace(const std::string& users, const std::string& groups) override {
    step("user_namespace");
    if (mounts_ == Mounts::real) return real_.user_namespace(users, groups);
    return real_.open(kWorkingDirectory, "/proc/self/ns/user", O_RDONLY, Walk::follow, 0);
  }
  std::array<std::string, 2> id_maps_of(int user_namespace) override {
    step("id_maps_of");
    return real_.id_maps_of(user_namespace);
  }
  Descriptor open_file_system(const std::string& type) override {
    step("open_file_system " + type);
    if (mounts_ == Mounts::real) return real_.open_file_system(type);
    return real_.memory_file(type);
  }
  void configure(int file_system, const std::string& key, const std::string& value) override {
    step("configure " + key);
    if (mounts_ == Mounts::real) real_.configure(file_system, key, value);
  }
  Descriptor mount_file_system(int file_system) override {
    step("mount_file_system");
    if (mounts_ == Mounts::real) return real_.mount_file_system(file_system);
    return real_.open(kWorkingDirectory, "/", O_PATH | O_DIRECTORY, Walk::follow, 0);
  }
  void create_as(int file_system, const FileSystemIds& ids) override {
    step("create_as " + std::to_string(ids.user));
    if (mounts_ == Mounts::real) real_.create_as(file_system, ids);
  }
  void mount_as(const FileSystemIds& ids, const std::string& target, const std::string& type,
                const std::string& data) override {
    step("mount_as " + type);
    if (mounts_ == Mounts::real) real_.mount_as(ids, target, type, data);
  }
  int namespace_request(int descriptor, unsigned long request) override {
    step("namespace_request");
    return real_.namespace_request(descriptor, request);
  }
  // Thrown, for want of a process to become.
  [[noreturn]] void execute(const std::string& path,
                            const std::vector<std::string>& arguments) override {
    step("execute " + path);
    throw Executed{path, arguments};
  }
  std::string output_of(const std::string& path,
                        const std::vector<std::string>& arguments) override {
    step("output_of " + path);
    return real_.output_of(path, arguments);
  }
  void stream_output(const std::string& path, const std::vector<std::string>& arguments,
                     const std::function<void(std::string_view)>& part) override {
    step("stream_output " + path);
    real_.stream_output(path, arguments, part);
  }
  void sleep(std::uint64_t microseconds) override {
    step("sleep");
    real_.sleep(microseconds);
  }

 private:
  void step(const std::string& call) {
    if (const auto hook = before.find(call); hook != before.end()) hook->second();
    calls.push_back(call);
    if (calls.size() - 1 != fail_at) return;
    if (dies) ::kill(::getpid(), SIGKILL);
    throw Error::from_errno(failure, "injected failure of " + call);
  }

  Mounts mounts_;
  Kernel& real_ = real_kernel();
};

// A directory of the test's own, gone with it.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::filesystem::path parent = "") {
    if (parent.empty()) parent = std::filesystem::temp_directory_path();
    std::string name = (parent / "hardened-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Error::from_errno(errno, "mkdtemp");
    path_ = std::filesystem::canonical(name);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Every name below `path` with the kind, mode, owner and content of what it names: two equal ones
// mean that nothing was changed and nothing left behind.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& path) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0) continue;
    found[entry.path()] = std::to_string(status.st_mode) + " " + std::to_string(status.st_uid) +
                          " " + (entry.is_regular_file() ? text_of(entry.path()) : "");
  }
  return found;
}

// The error that `call` throws; fails the test if it throws none.
template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::usage, ""};
}

}  // namespace hardened
