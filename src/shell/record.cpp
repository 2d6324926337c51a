// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/record.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <set>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/liveness.hpp"
#include "hardened/shell/rootfs.hpp"
#include "hardened/shell/runtime_state.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kStartSuffix = ".start";  // the trail's line of its start
constexpr ParseLimits kLimits{.bytes = 64U << 20, .depth = 80, .comments = false};

std::string directory_name(const ContainerKey& key) {
  if (!key.root.starts_with('/')) {
    throw Error(ErrorKind::usage, "--root " + printable(key.root) + " is not an absolute path");
  }
  std::string name;
  for (const char character : key.root) {
    if (character == '/') {
      name += "%2F";
    } else if (character == '%') {
      name += "%25";
    } else {
      name += character;
    }
  }
  return name;
}

// The root that such a name stands for.
std::string root_of(std::string name) {
  for (std::size_t at = 0; (at = name.find('%', at)) != std::string::npos; ++at) {
    name.replace(at, 3, name.compare(at, 3, "%2F") == 0 ? "/" : "%");
  }
  return name;
}

std::string file_name(std::string_view id, std::string_view suffix = kSuffix) {
  // An id becomes a path here. The command line was checked already; this holds whoever calls.
  if (id.empty() || id.find('/') != std::string_view::npos ||
      id.find('%') != std::string_view::npos) {
    throw Error(ErrorKind::usage, "not a container id: " + printable(id));
  }
  return std::string(id).append(suffix);
}

std::string text_of(const Record& record) {
  Json json;
  json["version"] = record.version;
  json["profile"] = record.profile;
  json["bundle"] = record.bundle;
  if (!record.rebuilt.empty()) json["rebuilt"] = record.rebuilt;
  if (!record.work.empty()) json["work"] = record.work;
  if (!record.degraded.empty()) json["degraded"] = record.degraded;
  json["creator"]["pid"] = record.creator_pid;
  json["creator"]["start"] = record.creator_start;
  json["ceiling"] = record.ceiling.json;
  json["digest"] = record.digest;
  return write_document(json);
}

template <typename Value>
Value required(std::optional<Value> value, std::string_view pointer) {
  if (!value) throw Error(ErrorKind::refused, pointer, "is missing");
  return std::move(*value);
}

Record parse_record(std::string_view text) {
  const Json json = parse_document(text, kLimits);
  Record record;
  const auto version = required(find_integer(json, "/version"), "/version");
  if (version != kVersion) {
    throw Error(ErrorKind::refused, "/version", "cannot read version " + std::to_string(version));
  }
  for (const auto& [key, value] : json.items()) {
    constexpr std::array kKnown{"version",  "profile", "bundle",  "rebuilt", "work",
                                "degraded", "creator", "ceiling", "digest"};
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) {
      throw Error(ErrorKind::refused, join("", key), "unknown field");
    }
  }
  record.profile = required(find_string(json, "/profile"), "/profile");
  record.bundle = required(find_string(json, "/bundle"), "/bundle");
  record.rebuilt = find_string(json, "/rebuilt").value_or("");
  record.work = find_string(json, "/work").value_or("");
  record.degraded = find_strings(json, "/degraded");
  const auto pid = required(find_integer(json, "/creator/pid"), "/creator/pid");
  const auto start = required(find_integer(json, "/creator/start"), "/creator/start");
  if (pid <= 0 || pid > INT32_MAX || start < 0) {
    throw Error(ErrorKind::refused, "/creator", "names no process");
  }
  record.creator_pid = static_cast<int>(pid);
  record.creator_start = static_cast<std::uint64_t>(start);
  if (find(json, "/ceiling") == nullptr) throw Error(ErrorKind::refused, "/ceiling", "is missing");
  record.ceiling.json = find_object(json, "/ceiling");
  record.digest = required(find_string(json, "/digest"), "/digest");
  return record;
}

// nullopt: there is none.
std::optional<Record> find_record(Kernel& kernel, int directory, const std::string& name) {
  const auto text = find_own_file(kernel, directory, name, kLimits.bytes);
  return text ? std::optional(parse_record(*text)) : std::nullopt;
}

[[noreturn]] void not_believed(const ContainerKey& key, const Error& error) {
  throw Error(error.kind() == ErrorKind::system ? ErrorKind::system : ErrorKind::refused,
              "record of container " + printable(key.id) + ": " + error.what());
}

[[noreturn]] void exists_already(const ContainerKey& key) {
  // runc's own words, which engines know.
  throw Error(ErrorKind::refused, "container with given ID already exists: " + printable(key.id));
}

// Returns when the key is free: a record that is left then is a dead container's.
void require_free(Kernel& kernel, int directory, const ContainerKey& key, const Process& self) {
  std::optional<Record> record;
  try {
    record = find_record(kernel, directory, file_name(key.id));
  } catch (const Error& error) {
    // Unreadable, with nothing at the runtime: rubbish of a crash. A failed look is no such proof.
    if (error.kind() == ErrorKind::system) throw;
  }
  if (record) {
    const Process creator{record->creator_pid, record->creator_start};
    // We were here before in this very process: what we became led back to us, and would for ever.
    if (creator == self) {
      throw Error(ErrorKind::unsupported,
                  "the low-level runtime is hardened itself, under another name; set the link "
                  "`runtime` in the configuration directory to runc or crun");
    }
    if (runs(kernel, creator)) exists_already(key);
  }
  // A container that plain runc made counts too: our record beside it would raise what exec may
  // have there.
  if (runtime_has(kernel, key)) exists_already(key);
}

// The creator first: what the runtime keeps is there before that ends.
bool lives(Kernel& kernel, const Record& record, const ContainerKey& key) {
  return runs(kernel, {record.creator_pid, record.creator_start}) || runtime_has(kernel, key);
}

// Whether it is this record's container that lives: its id may be another's by now, which the
// runtime alone was told of.
bool is_its_own(Kernel& kernel, const Record& record, const ContainerKey& key) {
  if (runs(kernel, {record.creator_pid, record.creator_start})) return true;
  if (!runtime_has(kernel, key)) return false;
  const RuntimeState state = runtime_state(kernel, key);
  return state.bundle.empty() || runs_from(kernel, "", key, state, record.bundle);
}

// The record of a container that is gone; nullopt: it lives, or has none.
std::optional<Record> find_dead(Kernel& kernel, int directory, const ContainerKey& key) {
  auto record = find_record(kernel, directory, file_name(key.id));
  return !record || lives(kernel, *record, key) ? std::nullopt : std::move(record);
}

// Those with a record that the runtime has nothing of: gone, or being made this very moment. Two
// lists of names, so that the living cost nothing.
std::vector<ContainerKey> without_state(Kernel& kernel, int directory, const std::string& root) {
  std::set<std::string> known;
  try {
    const Descriptor states =
        kernel.open(kWorkingDirectory, root, O_RDONLY | O_DIRECTORY, Walk::follow);
    for (std::string& name : kernel.list(states.number())) known.insert(std::move(name));
  } catch (const Error& error) {
    if (error.number() != ENOENT) throw;
  }
  std::vector<ContainerKey> keys;
  for (const std::string& name : kernel.list(directory)) {
    if (!name.ends_with(kSuffix)) continue;
    ContainerKey key{root, name.substr(0, name.size() - kSuffix.size())};
    if (!known.contains(key.id)) keys.push_back(std::move(key));
  }
  return keys;
}

// Records of containers that are gone, so that they do not pile up: deleting is an execve of the
// runtime, and nothing of ours runs after it. What fails is left to the next.
void sweep(Kernel& kernel, int directory, const ContainerKey& key) {
  for (const ContainerKey& other : without_state(kernel, directory, key.root)) {
    if (other.id == key.id) continue;
    try {
      const auto record = find_dead(kernel, directory, other);
      if (!record) continue;
      remove_work_directory(kernel, record->work);
      remove_if_there(kernel, directory, file_name(other.id, kStartSuffix));
      kernel.unlink(directory, file_name(other.id), 0);
    } catch (const Error&) {
      // Not this container's business.
    }
  }
}

// Every container that left a record, whatever its root.
void for_each_record(Kernel& kernel, const Environment& environment,
                     const std::function<void(int directory, const ContainerKey&)>& see) {
  const auto state = find_state(kernel, environment);
  if (!state) return;
  const auto records = find_own_directory(kernel, state->directory.number(), "records");
  if (!records) return;
  for (const std::string& name : kernel.list(records->number())) {
    const auto directory = find_own_directory(kernel, records->number(), name);
    if (!directory) continue;
    for (const std::string& file : kernel.list(directory->number())) {
      if (!file.ends_with(kSuffix)) continue;
      see(directory->number(), {root_of(name), file.substr(0, file.size() - kSuffix.size())});
    }
  }
}

// The directory of the records of a root; nullopt: there are none.
std::optional<Descriptor> find_records(Kernel& kernel, const Environment& environment,
                                       const ContainerKey& key) {
  const std::string name = directory_name(key);
  const auto state = find_state(kernel, environment);
  if (!state) return std::nullopt;
  const auto records = find_own_directory(kernel, state->directory.number(), "records");
  if (!records) return std::nullopt;
  return find_own_directory(kernel, records->number(), name);
}

}  // namespace

std::string digest_of(std::string_view document) {
  std::uint64_t hash = hash_of(document);
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4) {
    *digit = "0123456789abcdef"[hash & 15];
  }
  return text;
}

std::optional<Record> read_record(Kernel& kernel, const Environment& environment,
                                  const ContainerKey& key) try {
  const auto directory = find_records(kernel, environment, key);
  if (!directory) return std::nullopt;
  return find_record(kernel, directory->number(), file_name(key.id));
} catch (const Error& error) {
  not_believed(key, error);
}

std::vector<KnownContainer> known_containers(Kernel& kernel, const Environment& environment) {
  std::vector<KnownContainer> known;
  for_each_record(kernel, environment, [&](int directory, const ContainerKey& key) {
    KnownContainer one;
    one.key = key;
    try {
      auto record = find_record(kernel, directory, file_name(key.id));
      if (!record || !is_its_own(kernel, *record, key)) return;
      one.record = *std::move(record);
    } catch (const Error& error) {
      one.error = error.what();
    }
    known.push_back(std::move(one));
  });
  return known;
}

std::vector<std::string> kept_starts(Kernel& kernel, const Environment& environment,
                                     const std::string& prefix) {
  std::vector<std::string> lines;
  for_each_record(kernel, environment, [&](int directory, const ContainerKey& key) {
    if (!key.id.starts_with(prefix)) return;
    try {
      const auto record = find_record(kernel, directory, file_name(key.id));
      if (!record || !is_its_own(kernel, *record, key)) return;
      auto line = find_own_file(kernel, directory, file_name(key.id, kStartSuffix), kLimits.bytes);
      if (line) lines.push_back(*std::move(line));
    } catch (const Error&) {
      // The trail may still have it.
    }
  });
  return lines;
}

std::vector<IdMaps> ids_of_the_dead(Kernel& kernel, const Environment& environment,
                                    const ContainerKey& key) {
  const auto directory = find_records(kernel, environment, key);
  if (!directory) return {};
  std::vector<IdMaps> all;
  for (const ContainerKey& other : without_state(kernel, directory->number(), key.root)) {
    try {
      const auto record = find_dead(kernel, directory->number(), other);
      if (record) all.push_back(maps_in(record->ceiling.json));
    } catch (const Error&) {
      // Not this container's business.
    }
  }
  return all;
}

RecordWriter::RecordWriter(Kernel& kernel, const Environment& environment, const ContainerKey& key,
                           Record record)
    : kernel_(kernel), id_(key.id) {
  const std::string root = directory_name(key);
  const std::string name = file_name(id_);
  const Process self = own_process(kernel);
  record.creator_pid = self.pid;
  record.creator_start = self.start;
  const StateDirectory state = open_state(kernel, environment);
  const Descriptor records = make_own_directory(kernel, state.directory.number(), "records", 0700);
  directory_ = make_own_directory(kernel, records.number(), root, 0700);
  const Descriptor lock = take_lock(kernel, state.directory.number());
  require_free(kernel, directory_.number(), key, self);
  sweep(kernel, directory_.number(), key);
  remove_if_there(kernel, directory_.number(), file_name(id_, kStartSuffix));
  write_own_file(kernel, directory_.number(), name, text_of(record));
}

RecordWriter::~RecordWriter() {
  if (!committed_) undo();
}

void RecordWriter::commit() { committed_ = true; }

void RecordWriter::keep_start(const std::string& line) {
  // Nobody reads half a line as one, so neither the lock nor a temporary name is needed.
  const Descriptor file =
      kernel_.open(directory_.number(), file_name(id_, kStartSuffix),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, Walk::beneath_no_links, 0600);
  kernel_.write_all(file.number(), line);
}

void RecordWriter::undo() noexcept {
  committed_ = true;  // nothing is left for the destructor
  try {
    remove_if_there(kernel_, directory_.number(), file_name(id_, kStartSuffix));
    kernel_.unlink(directory_.number(), file_name(id_), 0);
  } catch (const std::exception&) {
    // Its creator will be gone: the next create reclaims it.
  }
}

}  // namespace hardened
