// SPDX-License-Identifier: Apache-2.0
// The calls that are hardened, each from its arguments to the runtime's execve. Where they throw,
// nothing was started, and the caller's files are as they were; they return only under a kernel
// whose execute() does.
#pragma once

#include "hardened/core/invocation.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/trail.hpp"

namespace hardened {

// Whatever is decided leaves a line in the audit trail, how it ends among it.
void harden(Kernel& kernel, const Environment& environment, Invocation invocation);

// A call whose words cannot be read is decided about too: nothing starts.
void record_unread(Kernel& kernel, const Environment& environment, Operation operation,
                   const Error& error) noexcept;

// create, run, restore.
void harden_bundle(Kernel& kernel, const Environment& environment, const Invocation& invocation,
                   Trail& trail);
void harden_exec(Kernel& kernel, const Environment& environment, Invocation invocation,
                 Trail& trail);
void harden_update(Kernel& kernel, const Environment& environment, Invocation invocation,
                   Trail& trail);
// CVE-2024-21626: a descriptor of a host directory that a runtime inherits is a door out of the
// container. The runtime gets standard input, output and error, what --preserve-fds and LISTEN_FDS
// name, and nothing else: what lies from this number on is closed at execve. Error(usage) where
// --preserve-fds is no number.
int first_unasked_descriptor(const Environment& environment, const Invocation& invocation);

// The runtime hands on whatever has those numbers by then: where nobody left one open, that is a
// directory of the host that it opened itself (CVE-2024-21626). To be called before anything is
// kept open. Throws Error(usage).
void require_inherited(Kernel& kernel, int lowest);

// Every other call, as it came: no policy, no document, no record.
void forward(Kernel& kernel, const Environment& environment, const Invocation& invocation);

}  // namespace hardened
