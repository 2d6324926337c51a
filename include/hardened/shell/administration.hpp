// SPDX-License-Identifier: Apache-2.0
// The syscalls that only configure makes. They are no part of Kernel, so that the way of a
// container has no hand on other processes and makes no links.
#pragma once

#include <sys/types.h>

#include <string>

#include "hardened/shell/descriptor.hpp"

namespace hardened {

class Administration {
 public:
  virtual ~Administration() = default;

  // pidfd_open: that very process, even where its number is given away again meanwhile.
  virtual Descriptor open_process(pid_t process) = 0;
  virtual void signal(int process, int number) = 0;  // pidfd_send_signal
  virtual void pause(unsigned milliseconds) = 0;
  virtual void make_link(int directory, const std::string& name, const std::string& target) = 0;
};

// The real one.
Administration& real_administration();

}  // namespace hardened
