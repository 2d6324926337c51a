// SPDX-License-Identifier: Apache-2.0
// Never weaker, of mounts: each of the document's is there, as it was or tighter, and what came in
// between is the container's own.
#include <filesystem>

#include "core/verifier_conditions.hpp"
#include "core/verifier_mapping.hpp"

namespace hardened::verifier {
namespace {

void same_but_tighter(const Json& had, const Json& has) {
  const std::string place = text_at(had, "/destination");
  const Strings before = find_strings(had, "/options");
  const Strings after = find_strings(has, "/options");
  const Strings tight{"ro",     "rro",    "nosuid",  "rnosuid", "nodev",
                      "rnodev", "noexec", "rnoexec", "rprivate"};
  const Strings loose{"rw", "rrw", "suid", "rsuid", "dev", "rdev", "exec", "rexec"};
  constexpr std::array<std::array<const char*, 2>, 4> kPairs{
      {{"ro", "rw"}, {"nosuid", "suid"}, {"nodev", "dev"}, {"noexec", "exec"}}};
  for (const auto& [on, off] : kPairs) {
    if (effective(before, on, off) && !effective(after, on, off)) {
      weaker("/mounts", place + " lost " + on);
    }
  }
  for (const std::string& word : before) {
    if (!contains(after, word) && !contains(loose, word))
      weaker("/mounts", place + " lost " + word);
  }
  for (const std::string& word : after) {
    if (!contains(before, word) && !contains(tight, word))
      weaker("/mounts", place + " gained " + word);
  }
  Json rest = has;
  for (const char* member : {"type", "options"}) {
    rest.erase(member);
    if (had.contains(member)) rest[member] = had.at(member);
  }
  if (Json::diff(had, rest) != Json::array()) weaker("/mounts", place + " was changed");
  const bool made_bind = binds(had) && text_at(has, "/type") == "bind";
  if (!made_bind && text_at(had, "/type") != text_at(has, "/type")) {
    weaker("/mounts", place + " is of another type");
  }
}

// Ours shows the container's own rootfs, or is empty.
void ours(const Json& mount, const std::string& root) {
  const std::string place = text_at(mount, "/destination");
  const Strings options = find_strings(mount, "/options");
  bool harmless = ("/" + place + "/").find("/../") == std::string::npos &&
                  effective(options, "nosuid", "suid") && effective(options, "nodev", "dev");
  for (const char* kernel : {"/proc", "/sys", "/dev"}) {
    harmless = harmless && !at_or_below(verifier::normal(place), kernel);
  }
  if (binds(mount)) {
    const std::filesystem::path source(root + '/' + place);
    harmless = harmless && std::filesystem::path(text_at(mount, "/source")).lexically_normal() ==
                               source.lexically_normal();
  } else {
    harmless = harmless && text_at(mount, "/type") == "tmpfs";
  }
  if (!harmless) weaker("/mounts", place + " was added");
}

}  // namespace

// The author's mounts stay in their order, same source and place, and keep what makes them tight.
void mounts_not_weaker(const Json& before, const Json& after, const std::string& root) {
  const Json& had = find_array(before, "/mounts");
  std::size_t next = 0;
  for (const Json& mount : find_array(after, "/mounts")) {
    const bool kept = next < had.size() &&
                      text_at(had[next], "/destination") == text_at(mount, "/destination") &&
                      text_at(had[next], "/source") == text_at(mount, "/source");
    if (next < had.size() && verifier::is_view_in_place_of(had[next], mount)) {
      ++next;
      continue;
    }
    if (kept) {
      same_but_tighter(had[next++], mount);
      continue;
    }
    // A document that is read-only already gets no writable directory from us.
    if (find_boolean(before, "/root/readonly") == true) {
      weaker("/mounts", text_at(mount, "/destination") + " was added to a read-only document");
    }
    ours(mount, root);
  }
  if (next != had.size()) weaker("/mounts", "a mount of the document is missing");
}

}  // namespace hardened::verifier
