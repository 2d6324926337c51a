// SPDX-License-Identifier: Apache-2.0
// The tightened profile in the kernel: loaded into a child, which then tries the real calls.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "hardened/core/policy.hpp"
#include "hardened/shell/seccomp_compiler.hpp"

namespace hardened {
namespace {

#if defined(__x86_64__)

class SeccompKernel : public testing::Test {
 protected:
  // The errno of `call` in a child under the shipped profile, 0 where it succeeds.
  int outcome(const std::function<long()>& call) {
    const pid_t child = ::fork();
    if (child == 0) {
      const sock_fprog filter{static_cast<unsigned short>(program().size()), instructions()};
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
          ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
        ::_exit(255);
      }
      ::_exit(call() < 0 ? errno : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static const std::vector<BpfInstruction>& program() {
    static const Profile kStandard = Policy::builtin().profile("standard");
    static const std::vector<BpfInstruction> kProgram =
        compile_seccomp(tighten_seccomp(nullptr, kStandard.settings("seccomp"), {}).profile);
    return kProgram;
  }
  static sock_filter* instructions() {
    static std::vector<sock_filter> raw = [] {
      std::vector<sock_filter> filters;
      for (const BpfInstruction& each : program()) {
        filters.push_back({each.code, each.jump_true, each.jump_false, each.operand});
      }
      return filters;
    }();
    return raw.data();
  }
};

constexpr unsigned long kUpper = 0xdeadbeef00000000;

TEST_F(SeccompKernel, FamiliesOfNoUseAreUnknownWhateverTheUpperHalfOfTheRegister) {
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0); }), EAFNOSUPPORT);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, kUpper | AF_ALG, SOCK_SEQPACKET, 0); }),
            EAFNOSUPPORT);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0); }), EAFNOSUPPORT);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 9); }), EINVAL);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 12); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 132); }), EPERM);
}

TEST_F(SeccompKernel, OrdinarySocketsWork) {
  EXPECT_EQ(outcome([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }), 0);
  EXPECT_EQ(outcome([] { return ::socket(AF_INET, SOCK_STREAM, IPPROTO_TCP); }), 0);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_socket, kUpper | AF_UNIX, SOCK_DGRAM, 0); }), 0);
  EXPECT_EQ(outcome([] { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }), 0);
  EXPECT_EQ(outcome([] {
              int pair[2];
              if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return -1L;
              return static_cast<long>(::send(pair[0], "x", 1, MSG_NOSIGNAL));
            }),
            0);
  EXPECT_EQ(outcome([] {
              const int one = 1;
              return static_cast<long>(::setsockopt(::socket(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP,
                                                    1, &one, sizeof one));
            }),
            0);
}

TEST_F(SeccompKernel, KernelTlsAndUrgentDataAreRefused) {
  // Bad descriptors: an errno other than EBADF comes from the filter.
  EXPECT_EQ(outcome([] { return ::syscall(SYS_setsockopt, -1, 6, 31, "tls", 3); }), EPERM);
  EXPECT_EQ(
      outcome([] { return ::syscall(SYS_setsockopt, -1, kUpper | 6, kUpper | 31, "tls", 3); }),
      EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_setsockopt, -1, 6, 30, "tls", 3); }), EBADF);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_sendto, -1, "x", 1, MSG_OOB, 0, 0); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_recvmsg, -1, nullptr, kUpper | MSG_OOB); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_sendto, -1, "x", 1, MSG_NOSIGNAL, 0, 0); }), EBADF);
}

TEST_F(SeccompKernel, NothingIsTypedIntoATerminal) {
  EXPECT_EQ(outcome([] { return ::syscall(SYS_ioctl, -1, 0x5412, "x"); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_ioctl, -1, kUpper | 0x5412, "x"); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_ioctl, -1, 0x541c, "x"); }), EPERM);
  for (const unsigned long request :
       {0x5401UL, 0x5413UL, 0x541bUL, 0x5421UL, 0x8946UL, 0xdeadbeefUL}) {
    EXPECT_EQ(outcome([request] { return ::syscall(SYS_ioctl, -1, request, 0); }), EBADF)
        << request;
  }
}

TEST_F(SeccompKernel, NoNamespacesRingsOrKeys) {
  EXPECT_EQ(outcome([] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }),
            EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_unshare, CLONE_NEWUSER); }), EPERM);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), ENOSYS);
  EXPECT_EQ(outcome([] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), EPERM);
  EXPECT_EQ(outcome([] { return static_cast<long>(::fork()); }), 0);
}

TEST_F(SeccompKernel, NoSetUserIdFileIsMade) {
  char directory[] = "/tmp/hardened-seccomp-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string file = std::string(directory) + "/file";
  const char* path = file.c_str();
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_open, path, O_CREAT | O_WRONLY, 04755); }),
            EPERM);
  EXPECT_EQ(
      outcome([path] { return ::syscall(SYS_openat, -100, path, O_CREAT | O_WRONLY, 02755); }),
      EPERM);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_creat, path, 06755); }), EPERM);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_mknod, path, 0104755, 0); }), EPERM);
  EXPECT_NE(::access(path, F_OK), 0);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_open, path, O_CREAT | O_WRONLY, 0644); }), 0);
  // Registers that open does not read may hold anything.
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_open, path, O_RDONLY, kUpper | 06777); }), 0);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_chmod, path, kUpper | 04755); }), EPERM);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_chmod, path, 01777); }), 0);
  EXPECT_EQ(outcome([path] { return ::syscall(SYS_openat2, -100, path, nullptr, 0); }), ENOSYS);
  ::unlink(path);
  ::rmdir(directory);
}

TEST_F(SeccompKernel, TheKernelDropsTheseBitsFromMkdirItself) {
  char directory[] = "/tmp/hardened-seccomp-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/made";
  ASSERT_EQ(outcome([&path] { return ::syscall(SYS_mkdir, path.c_str(), 06755); }), 0);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 06000, 0U);
  ::rmdir(path.c_str());
  ::rmdir(directory);
}

#endif

}  // namespace
}  // namespace hardened
