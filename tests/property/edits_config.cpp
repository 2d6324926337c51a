// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "edits.hpp"
#include "hardened/core/document.hpp"
#include "words.hpp"

namespace hardened::property {

Json mount(Choices& choices) {
  Json made = Json::object({{"destination", path(choices)}, {"type", mount_type(choices)}});
  made["source"] = choices.one_in(4) ? word(choices) : path(choices);
  Json options = list_of(choices, 4, [](Choices& from) { return Json(mount_option(from)); });
  if (made["type"] == "bind" && !choices.one_in(4)) options.insert(options.begin(), "rbind");
  made["options"] = std::move(options);
  if (choices.one_in(20)) made.erase(choices.below(2) == 0 ? "type" : "source");
  if (choices.one_in(20)) {
    const Json mapping{{"containerID", 0}, {"hostID", number(choices)}, {"size", 65536}};
    made[choices.below(2) == 0 ? "uidMappings" : "gidMappings"] = Json::array({mapping});
  }
  return made;
}

namespace {

Json text_of_path(Choices& choices) { return path(choices); }

void edit_root(Json& document, Choices& choices) {
  Json& root = object_at(document, "/root");
  if (choices.below(2) == 0) {
    root["readonly"] = choices.below(3) == 0;
  } else {
    root["path"] = path(choices);
  }
}

void edit_mounts(Json& document, Choices& choices) {
  edit_list(array_at(document, "/mounts"), choices, mount);
}

void edit_one_mount(Json& document, Choices& choices) {
  Json& mounts = array_at(document, "/mounts");
  if (mounts.empty()) return edit_list(mounts, choices, mount);
  Json& one = mounts[choices.below(mounts.size())];
  switch (choices.below(5)) {
    case 1:
      object_at(one, "")["destination"] = path(choices);
      return;
    case 2:
      object_at(one, "")["source"] = path(choices);
      return;
    case 3:
      object_at(one, "")["type"] = mount_type(choices);
      return;
    default:
      edit_list(array_at(one, "/options"), choices,
                [](Choices& from) { return Json(mount_option(from)); });
  }
}

Json name_space(Choices& choices) {
  static constexpr std::array<const char*, 8> kPaths{
      "/var/run/netns/x",  "/proc/1/ns/net",    "/proc/4711/ns/pid", "/proc/4711/ns/user",
      "/proc/self/ns/mnt", "/run/x/../netns/y", "/dev/null",         ""};
  Json made = Json::object({{"type", namespace_type(choices)}});
  if (choices.one_in(2)) made["path"] = choices.one_of(kPaths);
  return made;
}

void edit_namespaces(Json& document, Choices& choices) {
  edit_list(array_at(document, "/linux/namespaces"), choices, name_space);
}

Json id_mapping(Choices& choices) {
  static const std::array<Json, 8> kHosts{100000,     0,          1879048192U, 65536,
                                          1879113728, 4294901760, 1000,        231072};
  Json made = Json::object({{"containerID", 0}, {"hostID", 100000}, {"size", 65536}});
  made["hostID"] = choices.one_of(kHosts);
  if (choices.one_in(3)) made["containerID"] = number(choices);
  if (choices.one_in(3)) made["size"] = number(choices);
  return made;
}

void edit_id_mappings(Json& document, Choices& choices) {
  const bool groups = choices.below(3) == 0;
  const bool users = !groups || choices.below(2) == 0;
  Json list = Json::array({id_mapping(choices)});
  if (choices.one_in(3)) list.push_back(id_mapping(choices));
  if (users) array_at(document, "/linux/uidMappings") = list;
  if (!users || !choices.one_in(4)) array_at(document, "/linux/gidMappings") = list;
  if (choices.below(3) != 0) array_at(document, "/linux/namespaces").push_back({{"type", "user"}});
}

Json device_node(Choices& choices) {
  static constexpr std::array<const char*, 5> kTypes{"c", "b", "p", "u", ""};
  Json made = Json::object({{"path", path(choices)}, {"type", choices.one_of(kTypes)}});
  made["major"] = small_number(choices);
  made["minor"] = small_number(choices);
  if (choices.one_in(3)) made["fileMode"] = number(choices);
  if (choices.one_in(3)) made["uid"] = number(choices);
  if (choices.one_in(3)) made["gid"] = number(choices);
  return made;
}

void edit_device_nodes(Json& document, Choices& choices) {
  edit_list(array_at(document, "/linux/devices"), choices, device_node);
}

Json sysctl_value(Choices& choices) {
  static constexpr std::array<const char*, 7> kValues{
      "1", "0", "0 2147483647", "4096 131072 6291456", "0 0", "1 0", "100000 200000"};
  return choices.one_in(5) ? Json(word(choices)) : Json(choices.one_of(kValues));
}

void edit_sysctl(Json& document, Choices& choices) {
  object_at(document, "/linux/sysctl")[sysctl_name(choices)] = sysctl_value(choices);
}

void edit_hidden_paths(Json& document, Choices& choices) {
  const char* list = choices.below(2) == 0 ? "/linux/maskedPaths" : "/linux/readonlyPaths";
  edit_list(array_at(document, list), choices, text_of_path);
}

Json hook(Choices& choices) {
  static constexpr std::array<const char*, 5> kPrograms{
      "/usr/bin/dockerd", "/proc/3300/exe", "/usr/local/bin/dockerd", "/bin/sh", "/proc/self/exe"};
  static constexpr std::array<const char*, 3> kFirst{"libnetwork-setkey", "docker-untar", ""};
  Json made = Json::object({{"path", choices.one_of(kPrograms)}});
  made["args"] = Json::array({choices.one_of(kFirst)});
  if (choices.one_in(4))
    made["args"] = list_of(choices, 2, [](Choices& c) { return Json(word(c)); });
  if (choices.one_in(5)) made["env"] = Json::array({word(choices)});
  if (choices.one_in(5)) made["timeout"] = number(choices);
  return made;
}

void edit_hooks(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 7> kStages{
      "prestart",  "createRuntime", "createContainer", "startContainer",
      "poststart", "poststop",      "poststopped"};
  Json& stage = object_at(document, "/hooks")[choices.one_of(kStages)];
  if (!stage.is_array()) stage = Json::array();
  edit_list(stage, choices, hook);
}

void edit_annotations(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 12> kNames{"com.example.a",
                                                      "run.oci.handler",
                                                      "run.oci.hooks.stdout",
                                                      "bundle",
                                                      "org.criu.config",
                                                      "org.systemd.property.CPUWeight",
                                                      "org.systemd.property.KillSignal",
                                                      "krun.ram_mib",
                                                      "hardened.profile",
                                                      "io.crun.x",
                                                      "module.wasm.image/variant",
                                                      "RUN.OCI.handler"};
  object_at(document, "/annotations")[choices.one_of(kNames)] = word(choices);
}

void edit_cgroup(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 12> kPaths{"system.slice:docker:c",
                                                      "/docker/c",
                                                      "",
                                                      "/",
                                                      "::system.slice",
                                                      "/a/../b",
                                                      "/system.slice/ssh.service",
                                                      "a:b:c:d",
                                                      "x.slice:a/b:c",
                                                      "user.slice:a:b",
                                                      "/x.scope/y",
                                                      "."};
  object_at(document, "/linux")["cgroupsPath"] = choices.one_of(kPaths);
}

void edit_seccomp(Json& document, Choices& choices) {
  Json& linux = object_at(document, "/linux");
  static constexpr std::array<const char*, 8> kActions{
      "SCMP_ACT_ERRNO",        "SCMP_ACT_ALLOW",       "SCMP_ACT_KILL", "SCMP_ACT_LOG",
      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", ""};
  switch (choices.below(6)) {
    case 1:
      linux.erase("seccomp");
      return;
    case 2:
      object_at(linux, "/seccomp")["defaultAction"] = choices.one_of(kActions);
      return;
    case 3: {
      // A profile of an engine has four hundred calls: a small one is a thousand times cheaper.
      Json small = Json::object({{"defaultAction", "SCMP_ACT_ERRNO"}});
      small["syscalls"] = list_of(choices, 4, syscall_entry);
      linux["seccomp"] = std::move(small);
      return;
    }
    default:
      edit_list(array_at(linux, "/seccomp/syscalls"), choices, syscall_entry);
  }
}

void edit_labels(Json& document, Choices& choices) {
  object_at(document, "/linux")["mountLabel"] = label(choices);
}

void edit_what_reaches_the_host(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 10> kFields{"/linux/intelRdt",
                                                       "/linux/netDevices",
                                                       "/linux/personality",
                                                       "/linux/timeOffsets",
                                                       "/linux/memoryPolicy",
                                                       "/vm",
                                                       "/windows",
                                                       "/solaris",
                                                       "/zos",
                                                       "/freebsd"};
  Json& object = object_at(document, choices.one_of(kFields));
  if (choices.below(3) != 0) object[word(choices)] = Json::object();
}

void edit_names(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 3> kNames{"hostname", "domainname", "ociVersion"};
  object_at(document, "")[choices.one_of(kNames)] = word(choices);
}

void edit_propagation(Json& document, Choices& choices) {
  static constexpr std::array<const char*, 6> kWords{"private", "rslave",     "slave",
                                                     "shared",  "unbindable", "x"};
  object_at(document, "/linux")["rootfsPropagation"] = choices.one_of(kWords);
}

void edit_process(Json& document, Choices& choices) {
  choices.one_of(process_edits())(object_at(document, "/process"), choices);
}

void edit_resources(Json& document, Choices& choices) {
  choices.one_of(resources_edits())(object_at(document, "/linux/resources"), choices);
}

void edit_field(Json& document, Choices& choices) { put_field(document, "", choices); }

constexpr std::array<Edit, 28> kEdits{
    edit_mounts,       edit_mounts,      edit_one_mount,    edit_one_mount,
    edit_process,      edit_process,     edit_process,      edit_resources,
    edit_resources,    edit_namespaces,  edit_seccomp,      edit_seccomp,
    edit_root,         edit_id_mappings, edit_device_nodes, edit_sysctl,
    edit_hidden_paths, edit_hooks,       edit_annotations,  edit_cgroup,
    edit_labels,       edit_names,       edit_propagation,  edit_what_reaches_the_host,
    edit_field,        edit_field,       edit_anything,     edit_anything};

}  // namespace

std::span<const Edit> config_edits() { return kEdits; }

}  // namespace hardened::property
