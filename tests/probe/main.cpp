// SPDX-License-Identifier: Apache-2.0
// Tries to break out of the container that it runs in, without harm, and says what the kernel
// answered.
//
// usage: hardened-probe [PREFIX] <NUMBERS    one JSON line for each attempt whose id begins with
// PREFIX
//        hardened-probe --victim             waits, under the name that attempts on other
//        containers look for hardened-probe --raised             exit code 0 if it runs with more
//        than its caller's user
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "calls.hpp"
#include "places.hpp"
#include "run.hpp"

namespace hardened::probe {
namespace {

Attempts all(const Numbers& numbers) {
  Attempts attempts;
  add_system_calls(attempts, numbers);
  add_sockets(attempts, numbers);
  add_messages(attempts, numbers);
  add_terminals(attempts, numbers);
  add_namespaces(attempts, numbers);
  add_set_user_id_files(attempts, numbers);
  add_raised_programs(attempts);
  add_mounts(attempts);
  add_kernel_objects(attempts);
  add_networks(attempts);
  add_host_settings(attempts);
  add_devices(attempts);
  add_immutable_places(attempts);
  add_other_containers(attempts);
  add_limits(attempts);
  return attempts;
}

int victim() {
  ::prctl(PR_SET_NAME, kVictim);
  while (true) ::pause();
}

bool raised() {
  if (::geteuid() != ::getuid()) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  return ::syscall(SYS_capget, &header, data) == 0 && (data[0].permitted | data[1].permitted) != 0;
}

bool connects(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace
}  // namespace hardened::probe

int main(int count, char** words) {
  using namespace hardened::probe;
  const std::string_view word = count > 1 ? words[1] : "";
  if (word == "--victim") return victim();
  if (word == "--raised") return raised() ? 0 : 1;
  if (word == "--connect" && count > 2)
    return std::puts(connects(words[2]) ? "REACHED" : "NOT") < 0;
  try {
    run_all(all(Numbers::read(std::cin)), word);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hardened-probe: %s\n", error.what());
    return 1;
  }
  return 0;
}
