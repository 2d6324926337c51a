// SPDX-License-Identifier: Apache-2.0
// Stands where the runtime would: says when it was reached, so that what comes before can be told
// from what comes after. With ARRIVAL_RUNTIME it then becomes that runtime, else it ends.
#include <unistd.h>

#include <cstdio>
#include <ctime>

#ifdef ARRIVAL_RUNTIME
extern char** environ;
#endif

int main(int, [[maybe_unused]] char** values) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  ::dprintf(STDOUT_FILENO, "arrived %lld.%09ld\n", static_cast<long long>(now.tv_sec), now.tv_nsec);
#ifdef ARRIVAL_RUNTIME
  ::execve(ARRIVAL_RUNTIME, values, environ);
  return 127;
#else
  return 0;
#endif
}
