// SPDX-License-Identifier: Apache-2.0
// What is remembered of a container between its create and its exec or update:
// /run/hardened/records/<root>/<id>.json, 0600 below 0700 directories. Refuses records that are not
// root's own, of another version, or not parseable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/liveness.hpp"

namespace hardened {

struct Record {
  int version = 1;
  std::string profile;
  std::string bundle;  // canonical
  int creator_pid =
      0;  // survives execve: the runtime's own while it creates. RecordWriter fills in both
  std::uint64_t creator_start = 0;  // field 22 of /proc/PID/stat
  std::string rebuilt;  // the engine's rootfs, over whose upper directory the container's overlay
                        // lies too; empty: none
  std::string work;     // the directory made beside its layers; empty: none
  std::vector<std::string> degraded;  // what the host could not give, and it went on without
  Ceiling ceiling;
  std::string digest;  // of the rewritten config.json, see digest_of
};

// FNV-1a of 64 bits, in hexadecimal: tells documents apart, proves nothing. Ids are used anew, and
// delete does not pass here: a record counts only while its bundle still holds the document that it
// was written for. (Who can write there is root.)
std::string digest_of(std::string_view document);

// nullopt: there is none. Throws Error(refused) where there is one that cannot be believed.
std::optional<Record> read_record(Kernel& kernel, const Environment& environment,
                                  const ContainerKey& key);

// What is remembered of every container that lives, whatever its root; `error` where a record
// cannot be believed. Read-only.
struct KnownContainer {
  ContainerKey key;
  Record record;
  std::string error;
};
std::vector<KnownContainer> known_containers(Kernel& kernel, const Environment& environment);

// The trail's line of the start of each living container whose id begins so: the trail's own files
// are rotated away while it runs. Those that cannot be read are left out. Read-only.
std::vector<std::string> kept_starts(Kernel& kernel, const Environment& environment,
                                     const std::string& prefix);

// Of the containers of key.root that are gone and left a record: which host ids they had.
// Read-only.
std::vector<IdMaps> ids_of_the_dead(Kernel& kernel, const Environment& environment,
                                    const ContainerKey& key);

// Takes the key: the record is there from construction on, so that of two creates of one id the
// second fails. It stays after commit(); undo(), or a destructor without commit(), removes it. The
// records of dead containers of the same root are reclaimed first.
// Throws Error(refused) where the container exists or is being created, Error(unsupported) where
// this very process has the record: the low-level runtime led back to us.
class RecordWriter {
 public:
  RecordWriter(Kernel& kernel, const Environment& environment, const ContainerKey& key,
               Record record);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  void commit();
  void undo() noexcept;
  // The trail's line of this start, kept beside the record for as long. Throws Error(system).
  void keep_start(const std::string& line);

 private:
  Kernel& kernel_;
  Descriptor directory_;
  std::string id_;
  bool committed_ = false;  // or undone
};

}  // namespace hardened
