// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/audit_settings.hpp"

#include "hardened/core/document.hpp"

namespace hardened {

AuditSettings audit_settings(const Policy& policy) {
  using Destination = AuditSettings::Destination;
  const Json& json = find_object(policy.json(), "/audit");
  AuditSettings settings;
  const std::string destination = find_string(json, "/destination").value_or("auto");
  if (destination == "journald") settings.destination = Destination::journald;
  if (destination == "file") settings.destination = Destination::file;
  if (destination == "none") settings.destination = Destination::none;
  settings.required = find_string(json, "/unwritable") == "refuse";
  settings.file_bytes = static_cast<std::uint64_t>(find_integer(json, "/file_bytes").value_or(0));
  settings.files = static_cast<std::uint32_t>(find_integer(json, "/files").value_or(0));
  settings.whole_values = find_boolean(json, "/whole_values").value_or(false);
  return settings;
}

}  // namespace hardened
