// SPDX-License-Identifier: Apache-2.0
// /proc/PID as text (proc(5)). Names in it are the process's own choice: they can hold anything but
// a line break, which the kernel writes as \n in status.
#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "core/limit_names.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/sighting.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr int kHighestOrdinaryPolicy = 0;  // SCHED_OTHER; 3 and 5 are SCHED_BATCH and SCHED_IDLE
constexpr std::array kRealTime{1, 2, 6};   // SCHED_FIFO, SCHED_RR, SCHED_DEADLINE

[[noreturn]] void malformed(std::string_view what, std::string_view text) {
  throw Error(ErrorKind::invalid_input,
              "/proc: not a value of " + std::string(what) + ": " + printable(text, 40));
}

template <typename Number>
Number number(std::string_view text, std::string_view what, int base = 10) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc() || stop != end) malformed(what, text);
  return value;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank(" \t\n\0", 4);
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::vector<std::string> found;
  for (std::string word; words >> word;) found.push_back(word);
  return found;
}

// The value of each "Name:\tvalue" line; of a name twice, the first.
std::map<std::string, std::string, std::less<>> fields_of(std::string_view status) {
  std::map<std::string, std::string, std::less<>> fields;
  for (const std::string& line : split(status, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    fields.emplace(line.substr(0, colon), trimmed(std::string_view(line).substr(colon + 1)));
  }
  return fields;
}

class Status {
 public:
  explicit Status(std::string_view text) : fields_(fields_of(text)) {}

  std::optional<std::string> find(std::string_view name) const {
    const auto field = fields_.find(name);
    if (field == fields_.end()) return std::nullopt;
    return field->second;
  }
  std::string get(std::string_view name) const {
    if (auto value = find(name)) return *std::move(value);
    throw Error(ErrorKind::invalid_input, "/proc/PID/status has no " + std::string(name));
  }
  std::uint64_t mask(std::string_view name) const {
    return number<std::uint64_t>(get(name), name, 16);
  }
  int integer(std::string_view name) const { return number<int>(get(name), name); }

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

void read_status(std::string_view text, ProcessSighting& process) {
  const Status status(text);
  process.name = status.get("Name");
  process.pid = status.integer("Pid");
  process.parent = status.integer("PPid");
  const std::vector<std::string> pids = words_of(status.get("NSpid"));
  process.inner_pid = pids.empty() ? process.pid : number<int>(pids.back(), "NSpid");
  const std::vector<std::string> users = words_of(status.get("Uid"));
  if (users.size() != process.users.size()) malformed("Uid", status.get("Uid"));
  std::transform(users.begin(), users.end(), process.users.begin(),
                 [](const std::string& id) { return number<std::uint32_t>(id, "Uid"); });
  process.capabilities = {.inheritable = status.mask("CapInh"),
                          .permitted = status.mask("CapPrm"),
                          .effective = status.mask("CapEff"),
                          .bounding = status.mask("CapBnd"),
                          .ambient = status.mask("CapAmb")};
  process.no_new_privileges = status.integer("NoNewPrivs") == 1;
  process.seccomp = status.integer("Seccomp");
  if (const auto filters = status.find("Seccomp_filters")) {
    process.seccomp_filters = number<std::uint32_t>(*filters, "Seccomp_filters");
  }
}

// "pid (comm) state ppid ...": comm may hold blanks and parentheses.
void read_stat(std::string_view text, ProcessSighting& process) {
  const std::size_t name = text.rfind(')');
  if (name == std::string_view::npos) malformed("stat", text);
  const std::vector<std::string> fields = words_of(text.substr(name + 1));
  constexpr std::size_t kFirst = 3;  // the state is field 3 of proc(5)
  constexpr std::size_t kStart = 22;
  constexpr std::size_t kPolicy = 41;
  if (fields.size() <= kPolicy - kFirst) malformed("stat", text);
  process.start = number<std::uint64_t>(fields[kStart - kFirst], "stat");
  const int policy = number<int>(fields[kPolicy - kFirst], "stat");
  process.real_time = policy != kHighestOrdinaryPolicy &&
                      std::find(kRealTime.begin(), kRealTime.end(), policy) != kRealTime.end();
}

std::uint64_t limit_value(std::string_view text) {
  if (text == "unlimited") return std::numeric_limits<std::uint64_t>::max();
  return number<std::uint64_t>(text, "limits");
}

}  // namespace

std::map<std::string, ResourceLimit> parse_resource_limits(std::string_view limits) {
  std::map<std::string, ResourceLimit> found;
  for (const std::string& line : split(limits, '\n')) {
    for (const auto& [title, type] : kLimits) {
      if (!line.starts_with(title)) continue;
      const std::vector<std::string> values = words_of(line.substr(title.size()));
      if (values.size() < 2) malformed("limits", line);
      found[std::string(type)] = {limit_value(values[0]), limit_value(values[1])};
    }
  }
  return found;
}

ProcessSighting process_of(const ProcessTexts& texts) {
  ProcessSighting process;
  process.unseen = texts.unseen;
  process.executable = texts.executable;
  process.namespaces = texts.namespaces;
  if (texts.status) read_status(*texts.status, process);
  if (texts.stat) read_stat(*texts.stat, process);
  if (texts.user_map) process.user_map = parse_id_map(*texts.user_map);
  if (texts.limits) process.limits = parse_resource_limits(*texts.limits);
  process.apparmor = trimmed(texts.apparmor.value_or(""));
  process.selinux = trimmed(texts.selinux.value_or(""));
  if (texts.oom_score_adj) {
    process.oom_score_adj = number<int>(trimmed(*texts.oom_score_adj), "oom_score_adj");
  }
  return process;
}

}  // namespace hardened
