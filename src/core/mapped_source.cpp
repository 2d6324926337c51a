// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mapped_source.hpp"

#include "hardened/core/document.hpp"

namespace hardened {

MappedSource judge_mapped_source(const Json& settings, const SourceFact& source,
                                 const SourceVerdict& verdict, bool read_only) {
  // Part of the rootfs, which is judged as a whole; a device node holds nothing.
  if (source.sight != Sight::seen || verdict.own || verdict.device_node) return {};
  if (source.unmappable.empty()) {
    // Two overlays that write to one upper directory: what either leaves is undefined.
    if (source.overlay.lower.empty() || read_only) return {};
    return {"writing to " + source.path + ", which is an overlay", "rules.mounts.mode", ""};
  }
  if (verdict.secret && read_only && source.kind == FileKind::regular) return {};  // copied
  const std::string why = "ids cannot be laid over " + source.path + ": " + source.unmappable;
  // In memory and gone with the container: /dev/shm of an engine.
  const bool passing = verdict.engine && source.file_system == "tmpfs";
  const bool plain = find_string(settings, "/unmappable") == "plain";
  if (read_only || passing || plain) return {"", "", "the container's " + why};
  // What it writes would carry ids that a later container gets.
  return {"writing where the container's " + why, "rules.mounts.unmappable", ""};
}

}  // namespace hardened
