// SPDX-License-Identifier: Apache-2.0
// What is remembered of a container between its create and its exec or update: /run/hardened/records/<root>/<id>.json,
// 0600 below 0700 directories. Refuses records that are not root's own, of another version, or not parseable.
#pragma once

#include <optional>
#include <string>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/json.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// A container, as the runtime knows it: its canonical --root and its id.
struct ContainerKey {
  std::string root;
  std::string id;
};

struct Record {
  int version = 1;
  std::string profile;
  std::string bundle;          // canonical
  int creator_pid = 0;         // survives execve: the runtime's own while it creates
  std::uint64_t creator_start = 0;  // field 22 of /proc/PID/stat
  Ceiling ceiling;
  Json process;                // the rewritten process document (exec without --process starts from it)
};

// nullopt: there is none. Throws Error(refused) where there is one that cannot be believed.
std::optional<Record> read_record(Kernel& kernel, const Environment& environment, const ContainerKey& key);

// Written by commit(), removed again by undo() or by a destructor without commit. Taking it reclaims the record of a dead
// container of that key; one whose creator or runtime state is alive is left alone, and the runtime will refuse the id itself.
class RecordWriter {
 public:
  RecordWriter(Kernel& kernel, const Environment& environment, const ContainerKey& key, Record record);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  void commit();
  void undo() noexcept;

 private:
  Kernel& kernel_;
  Descriptor directory_;
  std::string name_;
  std::string text_;
  std::optional<std::string> replaced_;
  bool committed_ = false;
};

}  // namespace hardened
