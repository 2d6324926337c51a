// SPDX-License-Identifier: Apache-2.0
#include "generator.hpp"

#include <array>

#include "core/files.hpp"
#include "edits.hpp"
#include "words.hpp"

namespace hardened::property {
namespace {

// What no document of an engine has too much of: without a filter of four hundred calls a rewrite
// takes a tenth of the time, and shrunk failures begin here.
constexpr const char* kPlain = R"({"ociVersion": "1.0.2",
  "process": {"user": {"uid": 0, "gid": 0}, "args": ["true"], "env": ["PATH=/bin"], "cwd": "/",
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_NET_RAW"], "effective": ["CAP_CHOWN"],
      "permitted": ["CAP_CHOWN"], "inheritable": [], "ambient": []}},
  "root": {"path": "/var/lib/docker/overlay2/c/merged"},
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "nodev"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind"]}],
  "linux": {
    "namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "uts"}, {"type": "pid"},
                   {"type": "ipc"}, {"type": "cgroup"}],
    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
      "syscalls": [{"names": ["read", "write", "socket", "ioctl", "clone", "chmod", "bpf"],
                    "action": "SCMP_ACT_ALLOW"}]}}})";

std::vector<Json> documents_in(const char* directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(below_tests(directory))) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Json> documents;
  for (const std::filesystem::path& path : paths) documents.push_back(document_of(path));
  return documents;
}

// How many edits: mostly few, for of two that are refused only the first one is seen.
template <typename Kinds>
void edit(Json& document, const Kinds& kinds, Choices& choices) {
  const std::size_t heat = 2 + choices.below(5);
  for (std::size_t left = 24; left > 0 && choices.below(heat) != 0; --left) {
    choices.one_of(kinds)(document, choices);
  }
}

constexpr const char* kPowerful[] = {"/hooks/",
                                     "/mounts",
                                     "/linux/intelRdt",
                                     "/linux/netDevices",
                                     "/linux/personality",
                                     "/linux/timeOffsets",
                                     "/process/ioPriority",
                                     "/linux/resources/network",
                                     "/linux/seccomp/listener"};
using Place = std::pair<Json::json_pointer, Json>;

void places_in(const Json& value, const Json::json_pointer& at, std::vector<Place>& found) {
  if (!at.empty()) found.emplace_back(at, value);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) places_in(member, at / name, found);
  }
}

// A document with every field of the specification, and a value that runtimes take for each.
std::vector<Place> places_below(const Json::json_pointer& root) {
  static const Json kEvery = document_of(below_tests("corpus/reference/every-field.json"));
  std::vector<Place> found;
  places_in(kEvery.at(root), Json::json_pointer(), found);
  return found;
}

// One of them put into `document`, with what it holds: an edit alone seldom makes a whole hook or
// a throttled disk.
void graft(Json& document, const std::vector<Place>& places, Choices& choices) {
  auto place = places.begin() + static_cast<std::ptrdiff_t>(choices.below(places.size()));
  // The object around it, as often as not.
  if (choices.below(2) == 1) {
    const Json::json_pointer above = place->first.parent_pointer();
    const bool whole = above.empty() || above.parent_pointer().empty();
    const auto around =
        std::find_if(places.begin(), place, [&](const Place& each) { return each.first == above; });
    if (!whole) place = around;
  }
  try {
    document[place->first] = place->second;
  } catch (const Json::exception&) {
    // What stands above is no object any more: an edit made it something else.
  }
}

// What only a policy of its own lets through.
std::vector<Place> powerful_places() {
  std::vector<Place> places = places_below(Json::json_pointer());
  std::erase_if(places, [](const Place& place) {
    const std::string at = place.first.to_string();
    return std::none_of(std::begin(kPowerful), std::end(kPowerful),
                        [&](const char* root) { return at.starts_with(root); });
  });
  return places;
}

// Of process and resources documents, which have no edit of their own for that.
void edit_all(Json& document, std::span<const Edit> kinds, Choices& choices) {
  edit(document, kinds, choices);
  if (choices.one_in(4)) edit_anything(document, choices);
}

// The two kills tell a stronger filter from a weaker one by what they kill.
void kill_instead(Json& profile, Choices& choices) {
  static constexpr std::array<const char*, 2> kKills{"SCMP_ACT_KILL_PROCESS",
                                                     "SCMP_ACT_KILL_THREAD"};
  if (!profile.is_object()) return;
  profile["defaultAction"] = choices.one_of(kKills);
  const auto entries = profile.find("syscalls");
  if (entries == profile.end() || !entries->is_array() || entries->empty()) return;
  Json& entry = (*entries)[choices.below(entries->size())];
  if (entry.is_object() && choices.one_in(2)) entry["action"] = choices.one_of(kKills);
}

}  // namespace

Json config(Choices& choices) {
  static const Json kBase = Json::parse(kPlain);
  static const std::vector<Json> kCaptured = documents_in("corpus/config");
  Json document = choices.below(4) == 3 ? choices.one_of(kCaptured) : kBase;
  edit(document, config_edits(), choices);
  static const std::vector<Place> kPlaces = places_below(Json::json_pointer());
  if (choices.one_in(3)) graft(document, kPlaces, choices);
  return document;
}

Json process_document(Choices& choices) {
  static const Json kBase = Json::parse(kPlain).at("process");
  static const std::vector<Json> kCaptured = documents_in("corpus/process");
  Json document = choices.one_in(3) ? choices.one_of(kCaptured) : kBase;
  edit_all(document, process_edits(), choices);
  static const std::vector<Place> kPlaces = places_below(Json::json_pointer("/process"));
  if (choices.one_in(2)) graft(document, kPlaces, choices);
  return document;
}

Json resources_document(Choices& choices) {
  static const std::vector<Json> kCaptured = documents_in("corpus/resources");
  Json document = choices.one_in(3) ? choices.one_of(kCaptured) : Json::object();
  edit_all(document, resources_edits(), choices);
  static const std::vector<Place> kPlaces = places_below(Json::json_pointer("/linux/resources"));
  if (choices.one_in(2)) graft(document, kPlaces, choices);
  return document;
}

Json seccomp_profile(Choices& choices) {
  static constexpr std::array<const char*, 6> kActions{"SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW",
                                                       "SCMP_ACT_KILL",  "SCMP_ACT_LOG",
                                                       "SCMP_ACT_TRAP",  "SCMP_ACT_X"};
  static constexpr std::array<const char*, 6> kArchitectures{
      "SCMP_ARCH_X86_64",  "SCMP_ARCH_X86",   "SCMP_ARCH_X32",
      "SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X", "SCMP_ARCH_NONE"};
  Json profile = Json::object({{"defaultAction", choices.one_of(kActions)}});
  if (choices.below(3) != 0) {
    profile["architectures"] =
        list_of(choices, 3, [](Choices& from) { return Json(from.one_of(kArchitectures)); });
  }
  profile["syscalls"] = list_of(choices, 8, syscall_entry);
  if (choices.one_in(6)) edit_anything(profile, choices);
  // Last, so that what was kept of older finds means what it did.
  if (choices.one_in(6)) kill_instead(profile, choices);
  return profile;
}

World world(Choices& choices) {
  Profile chosen = profile(choices);
  Json document = config(choices);
  static const std::vector<Place> kPlaces = powerful_places();
  if (chosen.name() == "other" && choices.below(2) == 1) graft(document, kPlaces, choices);
  Facts facts = facts_of(document, choices);
  return {std::move(document), std::move(chosen), std::move(facts)};
}

}  // namespace hardened::property
