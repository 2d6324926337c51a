// SPDX-License-Identifier: Apache-2.0
// The audit trail: one line for each decision, to the journal or to files of ours. Refuses files
// that are not root's own; never writes half a line.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hardened/core/audit_settings.hpp"
#include "hardened/core/decision.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/liveness.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {

// The files' names below <log>: this one, then decisions.1.jsonl, the younger the smaller.
constexpr const char* kTrailName = "decisions.jsonl";
std::string trail_name(std::uint32_t age);

// From the call's first step on: what is found out is put into `decision`, and the line is written
// once it is known how the call ends.
class Trail {
 public:
  Trail(Kernel& kernel, const Environment& environment, Operation operation);

  Decision decision;

  void about(const ContainerKey& key);
  // The policy in force says where the trail goes. Until then, the built-in one.
  void under(const Policy& policy);

  // Just before execve; `keep` is given the line first, where there is one, and may fail. Throws
  // Error(system) where the policy wants a line and none can be written.
  using Keep = std::function<void(const std::string&)>;
  void passed(const Keep& keep = nullptr);
  // What starts nothing is told where it can be; the error that led here is the one to report.
  void failed(const Error& error) noexcept;

 private:
  void write(const Ending& ending, const Keep& keep);

  Kernel& kernel_;
  const Environment& environment_;
  std::uint64_t begun_;
  AuditSettings settings_;
};

// <log>, made where it is missing; below an engine without root, where that cannot be ours, `log`
// below the state directory. Its path comes with it.
StateDirectory open_log(Kernel& kernel, const Environment& environment);
// The same without making anything; nullopt: there is none yet.
std::optional<Descriptor> find_log(Kernel& kernel, const Environment& environment);

// "2026-11-28T06:10:00.123456Z: write: No space left on device": when a line was last lost since
// the host started, and why. nullopt: none.
std::optional<std::string> last_loss(Kernel& kernel, const Environment& environment);

// Throws Error where no line could be written at this moment. Of files, what an empty one allows: a
// full disk shows when a line is written, as last_loss().
void require_writable_trail(Kernel& kernel, const Environment& environment,
                            const AuditSettings& settings);

}  // namespace hardened
