// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/facts.hpp"

#include <array>
#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

template <typename Owner, typename Value>
struct Member {
  std::string_view name;
  Value Owner::*pointer;
};
template <typename Owner, typename Value>
Member(const char*, Value Owner::*) -> Member<Owner, Value>;

// Each struct's members are listed once, for reading and writing alike: a member without a line
// here would be lost on a round trip, and tests/core/facts.cpp sets every one.
template <typename T>
constexpr int kMembers = 0;

template <>
constexpr std::tuple kMembers<FileIdentity>{Member{"device", &FileIdentity::device},
                                            Member{"inode", &FileIdentity::inode}};
template <>
constexpr std::tuple kMembers<Location>{Member{"device", &Location::device},
                                        Member{"path", &Location::path}};
template <>
constexpr std::tuple kMembers<IdRange>{Member{"first", &IdRange::first},
                                       Member{"size", &IdRange::size}};
template <>
constexpr std::tuple kMembers<IdMapping>{Member{"containerID", &IdMapping::container},
                                         Member{"hostID", &IdMapping::host},
                                         Member{"size", &IdMapping::size}};
template <>
constexpr std::tuple kMembers<IdMaps>{Member{"users", &IdMaps::users},
                                      Member{"groups", &IdMaps::groups}};
template <>
constexpr std::tuple kMembers<Overlay>{
    Member{"lower", &Overlay::lower}, Member{"upper", &Overlay::upper},
    Member{"work", &Overlay::work}, Member{"options", &Overlay::options}};
template <>
constexpr std::tuple kMembers<RootPart>{Member{"path", &RootPart::path},
                                        Member{"location", &RootPart::location}};
template <>
constexpr std::tuple kMembers<SourceFact>{Member{"sight", &SourceFact::sight},
                                          Member{"kind", &SourceFact::kind},
                                          Member{"path", &SourceFact::path},
                                          Member{"identity", &SourceFact::identity},
                                          Member{"location", &SourceFact::location},
                                          Member{"owner", &SourceFact::owner},
                                          Member{"mode", &SourceFact::mode},
                                          Member{"major", &SourceFact::major},
                                          Member{"minor", &SourceFact::minor},
                                          Member{"replaceable", &SourceFact::replaceable},
                                          Member{"file_system", &SourceFact::file_system},
                                          Member{"locked_options", &SourceFact::locked_options},
                                          Member{"submounts", &SourceFact::submounts},
                                          Member{"layers", &SourceFact::layers},
                                          Member{"overlay", &SourceFact::overlay},
                                          Member{"untouched", &SourceFact::untouched},
                                          Member{"unmappable", &SourceFact::unmappable}};
template <>
constexpr std::tuple kMembers<RootFact>{Member{"sight", &RootFact::sight},
                                        Member{"path", &RootFact::path},
                                        Member{"identity", &RootFact::identity},
                                        Member{"location", &RootFact::location},
                                        Member{"parts", &RootFact::parts},
                                        Member{"symbolic_links", &RootFact::symbolic_links},
                                        Member{"directories", &RootFact::directories},
                                        Member{"overlay", &RootFact::overlay},
                                        Member{"unmappable", &RootFact::unmappable}};
template <>
constexpr std::tuple kMembers<DestinationFact>{Member{"sight", &DestinationFact::sight},
                                               Member{"places", &DestinationFact::places},
                                               Member{"linked", &DestinationFact::linked}};
template <>
constexpr std::tuple kMembers<NamespaceFact>{Member{"sight", &NamespaceFact::sight},
                                             Member{"type", &NamespaceFact::type},
                                             Member{"identity", &NamespaceFact::identity},
                                             Member{"host", &NamespaceFact::host},
                                             Member{"owner", &NamespaceFact::owner},
                                             Member{"host_owned", &NamespaceFact::host_owned},
                                             Member{"owner_path", &NamespaceFact::owner_path},
                                             Member{"owner_maps", &NamespaceFact::owner_maps}};
template <>
constexpr std::tuple kMembers<ExecutableFact>{
    Member{"sight", &ExecutableFact::sight}, Member{"path", &ExecutableFact::path},
    Member{"owner", &ExecutableFact::owner}, Member{"replaceable", &ExecutableFact::replaceable}};
template <>
constexpr std::tuple kMembers<SensitivePath>{Member{"path", &SensitivePath::path},
                                             Member{"identity", &SensitivePath::identity},
                                             Member{"location", &SensitivePath::location}};
template <>
constexpr std::tuple kMembers<ResourceLimit>{Member{"soft", &ResourceLimit::soft},
                                             Member{"hard", &ResourceLimit::hard}};
template <>
constexpr std::tuple kMembers<HostFacts>{
    Member{"cgroup_version", &HostFacts::cgroup_version},
    Member{"memory_bytes", &HostFacts::memory_bytes},
    Member{"cpus", &HostFacts::cpus},
    Member{"swap_accounting", &HostFacts::swap_accounting},
    Member{"missing_controllers", &HostFacts::missing_controllers},
    Member{"apparmor", &HostFacts::apparmor},
    Member{"apparmor_profiles", &HostFacts::apparmor_profiles},
    Member{"selinux", &HostFacts::selinux},
    Member{"initial_user_namespace", &HostFacts::initial_user_namespace},
    Member{"kernel_release", &HostFacts::kernel_release},
    Member{"architecture", &HostFacts::architecture},
    Member{"runtime_name", &HostFacts::runtime_name},
    Member{"runtime_version", &HostFacts::runtime_version},
    Member{"sensitive", &HostFacts::sensitive},
    Member{"id_range", &HostFacts::id_range},
    Member{"resource_limits", &HostFacts::resource_limits},
    Member{"oom_score_adj", &HostFacts::oom_score_adj}};
template <>
constexpr std::tuple kMembers<CgroupFact>{Member{"sight", &CgroupFact::sight},
                                          Member{"occupied", &CgroupFact::occupied},
                                          Member{"parent_occupied", &CgroupFact::parent_occupied}};
template <>
constexpr std::tuple kMembers<Facts>{Member{"host", &Facts::host},
                                     Member{"root", &Facts::root},
                                     Member{"sources", &Facts::sources},
                                     Member{"destinations", &Facts::destinations},
                                     Member{"namespaces", &Facts::namespaces},
                                     Member{"hooks", &Facts::hooks},
                                     Member{"devices", &Facts::devices},
                                     Member{"cgroup", &Facts::cgroup},
                                     Member{"working_directory", &Facts::working_directory}};

constexpr std::array<std::string_view, 3> kSights{"seen", "missing", "unseen"};
constexpr std::array<std::string_view, 8> kKinds{"directory", "regular", "socket",  "fifo",
                                                 "character", "block",   "symlink", "other"};

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;
template <typename T>
constexpr bool kIsMap = false;
template <typename T>
constexpr bool kIsMap<std::map<std::string, T>> = true;

template <typename T>
concept Scalar = std::same_as<T, std::string> || std::is_arithmetic_v<T>;

constexpr const auto& names(Sight) { return kSights; }
constexpr const auto& names(FileKind) { return kKinds; }

template <typename T>
Json write(const T& value) {
  if constexpr (Scalar<T>) {
    return value;
  } else if constexpr (std::is_enum_v<T>) {
    return names(value).at(static_cast<std::size_t>(value));
  } else if constexpr (kIsList<T>) {
    Json array = Json::array();
    for (const auto& element : value) array.push_back(write(element));
    return array;
  } else {
    Json object = Json::object();
    if constexpr (kIsMap<T>) {
      for (const auto& [key, element] : value) object[key] = write(element);
    } else {
      std::apply(
          [&](const auto&... member) {
            ((object[std::string(member.name)] = write(value.*member.pointer)), ...);
          },
          kMembers<T>);
    }
    return object;
  }
}

[[noreturn]] void wrong(const std::string& pointer, std::string_view expected, const Json& got) {
  throw Error(ErrorKind::invalid_input, printable(pointer),
              "expected " + std::string(expected) + ", got " + printable(got.dump(), 60));
}

template <std::integral T>
T read_integer(const Json& json, const std::string& pointer) {
  if (json.is_number_unsigned() && std::in_range<T>(json.get<std::uint64_t>())) {
    return static_cast<T>(json.get<std::uint64_t>());
  }
  if (json.is_number_integer() && !json.is_number_unsigned() &&
      std::in_range<T>(json.get<std::int64_t>())) {
    return static_cast<T>(json.get<std::int64_t>());
  }
  wrong(pointer,
        "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
            std::to_string(std::numeric_limits<T>::max()),
        json);
}

template <typename T>
T read_name(const Json& json, const std::string& pointer) {
  const auto& known = names(T{});
  std::string expected = "one of";
  for (std::size_t index = 0; index < known.size(); ++index) {
    if (json == known[index]) return static_cast<T>(index);
    expected.append(index == 0 ? " " : ", ").append(known[index]);
  }
  wrong(pointer, expected, json);
}

template <typename T>
T read(const Json& json, const std::string& pointer);

template <typename T>
void read_member(T& object, const std::string& key, const Json& value, const std::string& pointer) {
  const auto take = [&](const auto& member) {
    if (member.name != key) return false;
    auto& slot = object.*member.pointer;
    slot = read<std::remove_reference_t<decltype(slot)>>(value, pointer);
    return true;
  };
  const auto take_any = [&](const auto&... member) {
    if ((take(member) || ...)) return;
    throw Error(ErrorKind::invalid_input, printable(pointer),
                "unknown fact" + did_you_mean(key, {member.name...}));
  };
  std::apply(take_any, kMembers<T>);
}

template <typename T>
T read_object(const Json& json, const std::string& pointer) {
  T object;
  for (const auto& [key, value] : json.items()) read_member(object, key, value, join(pointer, key));
  return object;
}

template <typename T>
T read(const Json& json, const std::string& pointer) {
  if constexpr (std::same_as<T, std::string>) {
    if (!json.is_string()) wrong(pointer, "a string", json);
    return json.get<std::string>();
  } else if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) wrong(pointer, "a boolean", json);
    return json.get<bool>();
  } else if constexpr (std::integral<T>) {
    return read_integer<T>(json, pointer);
  } else if constexpr (std::is_enum_v<T>) {
    return read_name<T>(json, pointer);
  } else if constexpr (kIsList<T>) {
    if (!json.is_array()) wrong(pointer, "an array", json);
    T list;
    for (std::size_t index = 0; index < json.size(); ++index) {
      list.push_back(read<typename T::value_type>(json.at(index), join(pointer, index)));
    }
    return list;
  } else {
    if (!json.is_object()) wrong(pointer, "an object", json);
    if constexpr (kIsMap<T>) {
      T map;
      for (const auto& [key, value] : json.items()) {
        map[key] = read<typename T::mapped_type>(value, join(pointer, key));
      }
      return map;
    } else {
      return read_object<T>(json, pointer);
    }
  }
}

}  // namespace

Json to_json(const Facts& facts) { return write(facts); }
Facts facts_from_json(const Json& json) { return read<Facts>(json, ""); }

}  // namespace hardened
