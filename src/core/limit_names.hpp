// SPDX-License-Identifier: Apache-2.0
// The resource limits as /proc/PID/limits calls them, and as the specification does.
#pragma once

#include <array>
#include <string_view>

namespace hardened {

struct LimitName {
  std::string_view shown;
  std::string_view type;
};

inline constexpr std::array<LimitName, 16> kLimits{{{"Max cpu time", "RLIMIT_CPU"},
                                                    {"Max file size", "RLIMIT_FSIZE"},
                                                    {"Max data size", "RLIMIT_DATA"},
                                                    {"Max stack size", "RLIMIT_STACK"},
                                                    {"Max core file size", "RLIMIT_CORE"},
                                                    {"Max resident set", "RLIMIT_RSS"},
                                                    {"Max processes", "RLIMIT_NPROC"},
                                                    {"Max open files", "RLIMIT_NOFILE"},
                                                    {"Max locked memory", "RLIMIT_MEMLOCK"},
                                                    {"Max address space", "RLIMIT_AS"},
                                                    {"Max file locks", "RLIMIT_LOCKS"},
                                                    {"Max pending signals", "RLIMIT_SIGPENDING"},
                                                    {"Max msgqueue size", "RLIMIT_MSGQUEUE"},
                                                    {"Max nice priority", "RLIMIT_NICE"},
                                                    {"Max realtime priority", "RLIMIT_RTPRIO"},
                                                    {"Max realtime timeout", "RLIMIT_RTTIME"}}};

}  // namespace hardened
