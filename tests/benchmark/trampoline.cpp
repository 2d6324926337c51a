// SPDX-License-Identifier: Apache-2.0
// The limit of what a wrapper can be: a static program that does nothing but become the runtime, by
// the link that hardened reads, too.
#include <unistd.h>

extern char** environ;

int main(int, char** values) {
  constexpr char kRuntime[] = "/etc/hardened/runtime";
  ::execve(kRuntime, values, environ);
  return 127;
}
