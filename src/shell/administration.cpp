// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/administration.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

class RealAdministration final : public Administration {
 public:
  // The kernel sets close-on-exec.
  Descriptor open_process(pid_t process) override {
    const long opened = ::syscall(SYS_pidfd_open, process, 0);
    if (opened < 0) throw Error::from_errno(errno, "open process " + std::to_string(process));
    return Descriptor(static_cast<int>(opened));
  }

  void signal(int process, int number) override {
    if (::syscall(SYS_pidfd_send_signal, process, number, nullptr, 0) != 0) {
      throw Error::from_errno(errno, "signal");
    }
  }

  void pause(unsigned milliseconds) override { ::poll(nullptr, 0, static_cast<int>(milliseconds)); }

  void make_link(int directory, const std::string& name, const std::string& target) override {
    if (::symlinkat(target.c_str(), directory, name.c_str()) != 0) {
      throw Error::from_errno(errno, "link " + printable(name));
    }
  }
};

}  // namespace

Administration& real_administration() {
  static RealAdministration administration;
  return administration;
}

}  // namespace hardened
