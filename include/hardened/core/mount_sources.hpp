// SPDX-License-Identifier: Apache-2.0
// Judges what a container may have of the host: a bind's source by its path, its place inside its
// file system and its identity. Refuses sensitive places under any name, with exceptions for the
// engine's own per-container files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/devices.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {

struct BindRequest {
  std::string source;       // as written
  std::string destination;  // in normal form
  bool read_only = false;
  bool recursive = true;
};

struct Objection {
  std::string asked;
  std::string setting;
  std::string reference;
};

struct SourceVerdict {
  std::vector<Objection> objections;
  bool unverified = false;
  bool device_node = false;  // one that the container may have: nodev would make it useless
  bool own = false;          // a directory of the container's own rootfs, bound on itself
  bool init = false;         // the engine's init binary
  bool engine = false;       // one of the engine's own files for this container
  bool secret = false;       // of these, a secret or config
  bool submounts = false;    // something is mounted below, and the bind takes it along
};

// Where the engine keeps its files, as the document tells.
struct EnginePlaces {
  std::vector<std::string> data_roots;  // "/var/lib/docker", by root.path
  std::string id;                       // the container's, empty if not known
  std::string pod;                      // the pod's uid, by kubelet's own mounts
};
EnginePlaces engine_places(const Json& document, const Facts& facts, std::string_view id);

// If `path` is one of the files that engines give to containers at this destination: its end, from
// the engine's directory on ("/containers/<id>/hosts"), which its place inside the file system must
// share.
std::optional<std::string> engine_file(const std::string& path, const std::string& destination,
                                       const EnginePlaces& places);

// Whether `end`, as engine_file() gives it, is a secret or config, which the engine wrote once.
bool is_engine_secret(const std::string& end);

// If `path` is where the engine mounts images and rootfs: its end. Of `--mount type=image` (Docker
// 28) it is a layer over the image's that nobody writes to, of a container what that wrote.
std::optional<std::string> engine_image(const std::string& path, const EnginePlaces& places);

// Whether a file with that end lies at `location`, and its name is not merely a mount of something
// else.
bool lies_within_engine(const Location& location, const std::string& end,
                        const EnginePlaces& places);

// Whether the name is one that engines give their sockets.
bool is_engine_socket(std::string_view path);

class SourceJudge {
 public:
  SourceJudge(const Json& document, const RuleInput& input);
  SourceVerdict judge(const BindRequest& request) const;

 private:
  struct Sensitive {
    SensitivePath place;
    bool tree;             // everything below it as well
    bool allowed = false;  // by the policy, under this or another of its names
  };
  struct Exception {
    bool any = false;                // whatever is hit
    std::optional<std::string> end;  // hits inside the engine's storage
  };

  void judge_one(const SourceFact& source, const BindRequest& request,
                 SourceVerdict& verdict) const;
  void judge_submounts(const SourceFact& source, const BindRequest& request,
                       SourceVerdict& verdict) const;
  Exception exception_for(const SourceFact& source, const BindRequest& request,
                          SourceVerdict& verdict) const;
  bool is_own(const SourceFact& source, const BindRequest& request) const;
  static bool is_init(const SourceFact& source, const BindRequest& request);
  bool is_public(const SourceFact& source, const BindRequest& request) const;
  bool is_device(const SourceFact& source, SourceVerdict& verdict) const;
  std::optional<std::string> image(const SourceFact& source, const BindRequest& request) const;
  bool is_allowed(const SourceFact& source) const;
  bool allows(const SensitivePath& place) const;
  bool excused(const Sensitive& sensitive, const SourceFact& source,
               const Exception& exception) const;

  std::string root_text_;
  const RootFact& root_;
  const Facts& facts_;
  EnginePlaces places_;
  std::vector<Sensitive> sensitive_;
  std::vector<std::string> allowed_;
  std::vector<std::string> public_;
  std::vector<DeviceAccess> devices_;
  bool only_allowed_;
};

}  // namespace hardened
