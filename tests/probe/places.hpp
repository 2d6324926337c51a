// SPDX-License-Identifier: Apache-2.0
// What integration/lib/attack.py lays out in a container, by the same names.
#pragma once

namespace hardened::probe {

inline constexpr char kScratch[] = "/tmp";  // writable everywhere
inline constexpr char kBind[] = "/bind";    // a directory of the host, writable
inline constexpr char kPresent[] =
    "/bind/present";  // root's, with the set-user-ID bit, put there by the host
inline constexpr char kRaised[] =
    "/usr/bin/raised";  // this program, set-user-ID root, of the image
inline constexpr char kCapable[] =
    "/usr/bin/capable";                            // this program, with CAP_NET_RAW of the file
inline constexpr char kVictim[] = "probe-victim";  // the name of a process in another container
inline constexpr unsigned kOrdinaryUser = 1000;

}  // namespace hardened::probe
