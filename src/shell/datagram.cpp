// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/datagram.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};  // a reader that hangs must not hang us

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw Error::from_errno(ENAMETOOLONG, printable(path));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

ssize_t send(int socket, const msghdr& message) {
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

// What journald takes instead of a datagram that is too large: a descriptor alone.
ssize_t send_file(int socket, int file) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &file, sizeof file);
  return send(socket, message);
}

}  // namespace

void send_to_socket(Kernel& kernel, const std::string& path, std::string_view data) {
  const sockaddr_un address = address_of(path);
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) throw Error::from_errno(errno, "socket");
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    throw Error::from_errno(errno, printable(path));
  }
  iovec part{const_cast<char*>(data.data()), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t sent = send(socket.number(), message);
  if (sent < 0 && (errno == EMSGSIZE || errno == ENOBUFS)) {
    const Descriptor file = kernel.memory_file("hardened-decision");
    kernel.write_all(file.number(), data);
    kernel.seal(file.number());
    sent = send_file(socket.number(), file.number());
  }
  if (sent < 0) throw Error::from_errno(errno, printable(path));
}

}  // namespace hardened
