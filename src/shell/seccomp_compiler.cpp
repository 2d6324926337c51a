// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/seccomp_compiler.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <unordered_set>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/descriptor.hpp"

namespace hardened {
namespace {

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

// The kernel's names for the architectures whose calls can be judged here. x32 is told from x86-64
// by a bit of the number.
struct Architecture {
  std::string_view name;
  std::uint32_t token;  // libseccomp's
  std::uint32_t audit;  // the kernel's
};
constexpr Architecture kArchitectures[] = {
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390, AUDIT_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X, AUDIT_ARCH_S390X},
};
constexpr std::uint32_t kX32Bit = 0x40000000;

// libseccomp knows these under one multiplexed number; the kernel of i386 and s390 has them
// directly too (arch/x86/entry/syscalls/syscall_32.tbl, arch/s390/kernel/syscalls/syscall.tbl).
struct Direct {
  std::string_view name;
  int number;
};
constexpr Direct kDirect[] = {
    {"socket", 359},  {"socketpair", 360}, {"setsockopt", 366}, {"sendto", 369},
    {"sendmsg", 370}, {"recvfrom", 371},   {"recvmsg", 372},
};
constexpr Direct kDirectX86[] = {{"recvmmsg", 337}, {"sendmmsg", 345}};
constexpr Direct kDirectS390[] = {{"recvmmsg", 357}, {"sendmmsg", 358}};

[[noreturn]] void fail(std::string_view pointer, std::string_view what, int code) {
  throw Error(ErrorKind::invalid_input, pointer,
              std::string(what) + ": " + errno_text(code < 0 ? -code : code));
}

std::uint32_t action_of(const Json& document, std::string_view action_pointer,
                        std::string_view errno_pointer) {
  const std::string name = find_string(document, action_pointer).value_or("");
  const auto data =
      static_cast<std::uint16_t>(find_integer(document, errno_pointer).value_or(EPERM));
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(data);
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(data);
  if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
  if (name == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
  if (name == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
  if (name == "SCMP_ACT_NOTIFY") return SCMP_ACT_NOTIFY;
  if (name == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
  if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
  throw Error(ErrorKind::invalid_input, action_pointer,
              "no such action: \"" + printable(name, 60) + '"');
}

scmp_compare comparison_of(const std::string& name, std::string_view pointer) {
  constexpr std::pair<std::string_view, scmp_compare> kNames[] = {
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  for (const auto& [known, comparison] : kNames) {
    if (known == name) return comparison;
  }
  throw Error(ErrorKind::invalid_input, pointer,
              "no such comparison: \"" + printable(name, 60) + '"');
}

std::vector<scmp_arg_cmp> conditions_of(const Json& entry, std::string_view pointer) {
  std::vector<scmp_arg_cmp> conditions;
  const Json& arguments = find_array(entry, "/args");
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string place = join(join(pointer, "args"), index);
    const Json& argument = arguments.at(index);
    const auto number = [&](std::string_view key) -> std::uint64_t {
      const Json* value = find(argument, join("", key));
      if (value == nullptr) return 0;
      if (!value->is_number_integer()) {
        throw Error(ErrorKind::invalid_input, join(place, key), "expected an unsigned integer");
      }
      return value->get<std::uint64_t>();
    };
    const std::uint64_t which = number("index");
    if (which > 5) throw Error(ErrorKind::invalid_input, join(place, "index"), "beyond 5");
    conditions.push_back({static_cast<unsigned>(which),
                          comparison_of(find_string(argument, "/op").value_or(""), place),
                          number("value"), number("valueTwo")});
  }
  return conditions;
}

bool repeats_an_argument(const std::vector<scmp_arg_cmp>& conditions) {
  std::array<int, 6> counts{};
  for (const scmp_arg_cmp& condition : conditions) ++counts.at(condition.arg);
  return std::any_of(counts.begin(), counts.end(), [](int count) { return count > 1; });
}

void add_rule(const Filter& filter, std::uint32_t action, const std::string& name,
              const std::vector<scmp_arg_cmp>& conditions, std::string_view pointer) {
  const int number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return;
  const auto add = [&](unsigned count, const scmp_arg_cmp* first) {
    const int code = seccomp_rule_add_array(filter.get(), action, number, count, first);
    if (code < 0) fail(pointer, "libseccomp refuses the rule for " + printable(name, 60), code);
  };
  if (!repeats_an_argument(conditions)) {
    add(static_cast<unsigned>(conditions.size()), conditions.data());
    return;
  }
  for (const scmp_arg_cmp& condition : conditions) add(1, &condition);
}

void add_architectures(const Filter& filter, const Json& profile) {
  for (const std::string& name : find_strings(profile, "/architectures")) {
    const auto known = std::find_if(std::begin(kArchitectures), std::end(kArchitectures),
                                    [&](const Architecture& each) { return each.name == name; });
    // An architecture that cannot be judged is one through which anything might get.
    if (known == std::end(kArchitectures)) {
      throw refused({"seccomp", "/linux/seccomp/architectures",
                     printable(name, 60) + ", an architecture that cannot be judged", "CIS 5.22",
                     "rules.seccomp.native_only"});
    }
    const int code = seccomp_arch_add(filter.get(), known->token);
    if (code < 0 && code != -EEXIST) {
      fail("/linux/seccomp/architectures", "libseccomp refuses " + name, code);
    }
  }
}

std::vector<BpfInstruction> export_program(const Filter& filter) {
  const Descriptor file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) throw Error::from_errno(errno, "memfd_create");
  if (const int code = seccomp_export_bpf(filter.get(), file.number()); code < 0) {
    fail("/linux/seccomp", "libseccomp cannot compile the profile", code);
  }
  const off_t size = ::lseek(file.number(), 0, SEEK_END);
  std::vector<sock_filter> raw(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file.number(), raw.data(), raw.size() * sizeof(sock_filter), 0) != size) {
    throw Error::from_errno(errno, "reading a compiled filter");
  }
  if (raw.size() > BPF_MAXINSNS) {
    throw Error(ErrorKind::invalid_input, "/linux/seccomp",
                "compiles to " + std::to_string(raw.size()) + " instructions, the kernel takes " +
                    std::to_string(BPF_MAXINSNS));
  }
  std::vector<BpfInstruction> program;
  program.reserve(raw.size());
  for (const sock_filter& each : raw) program.push_back({each.code, each.jt, each.jf, each.k});
  return program;
}

bool lets_through(std::uint32_t outcome) {
  switch (outcome & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_TRAP:
      return false;
    default:
      return true;
  }
}

// The numbers by which `name` can be called on an architecture; none where it does not exist.
std::vector<std::int32_t> numbers_of(const std::string& name, const Architecture& architecture) {
  const auto find_in = [&](const auto& table) -> std::vector<std::int32_t> {
    for (const Direct& each : table) {
      if (each.name == name) return {each.number};
    }
    return {};
  };
  const int number = seccomp_syscall_resolve_name_arch(architecture.token, name.c_str());
  if (number >= 0) {
    // Kernels before 5.4 took numbers of one table with the mark of the other.
    if (architecture.token != SCMP_ARCH_X86_64) return {number};
    return {number, static_cast<std::int32_t>(static_cast<std::uint32_t>(number) | kX32Bit)};
  }
  const bool x86 = architecture.token == SCMP_ARCH_X86;
  const bool s390 = architecture.audit == AUDIT_ARCH_S390 || architecture.audit == AUDIT_ARCH_S390X;
  if (!x86 && !s390) return {};
  std::vector<std::int32_t> direct = find_in(kDirect);
  if (direct.empty()) direct = x86 ? find_in(kDirectX86) : find_in(kDirectS390);
  return direct;
}

// A rule for one of these is a rule for socketcall(2) as well.
bool is_multiplexed(const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name.c_str());
  return number <= -101 && number >= -120;
}

// Only what can change the outcome of a call in question: libseccomp keeps syscalls apart, and a
// whole profile takes it twenty milliseconds.
Json relevant_part(const Json& profile, const std::unordered_set<std::string>& names) {
  Json part = profile;
  Json calls = Json::array();
  for (const Json& entry : find_array(profile, "/syscalls")) {
    std::vector<std::string> kept = find_strings(entry, "/names");
    std::erase_if(kept, [&](const std::string& name) {
      return !names.contains(name) && !is_multiplexed(name);
    });
    if (kept.empty()) continue;
    Json copy = entry;
    copy["names"] = std::move(kept);
    calls.push_back(std::move(copy));
  }
  part["syscalls"] = std::move(calls);
  return part;
}

std::vector<Architecture> judged_architectures(const Json& profile) {
  // libseccomp and with it the runtimes always add the native one.
  std::vector<Architecture> judged;
  const std::vector<std::string> listed = find_strings(profile, "/architectures");
  for (const Architecture& each : kArchitectures) {
    if (each.token == seccomp_arch_native() ||
        std::find(listed.begin(), listed.end(), each.name) != listed.end()) {
      judged.push_back(each);
    }
  }
  if (judged.empty()) {
    throw Error(ErrorKind::refused, "/linux/seccomp", "cannot judge this machine's architecture");
  }
  return judged;
}

[[noreturn]] void refuse(const DeniedCall& call, const Architecture& architecture) {
  std::string text = "lets " + call.name + " through";
  if (!call.because.empty()) text += " (" + call.because + ")";
  for (std::size_t index = 0; index < call.arguments.size(); ++index) {
    if (!call.arguments[index]) continue;
    text += ", argument " + std::to_string(index) + " = " + std::to_string(*call.arguments[index]);
  }
  throw Error(ErrorKind::refused, "/linux/seccomp",
              text + ", on " + std::string(architecture.name));
}

}  // namespace

bool is_system_call(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

std::string seccomp_library_version() {
  const scmp_version* version = seccomp_version();
  return std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' +
         std::to_string(version->micro);
}

std::vector<BpfInstruction> compile_seccomp(const Json& profile) {
  // Errors point into the document that the profile came from.
  const Json document{{"linux", {{"seccomp", profile}}}};
  const std::string base = "/linux/seccomp";
  const std::uint32_t standard =
      action_of(document, base + "/defaultAction", base + "/defaultErrnoRet");
  const Filter filter(seccomp_init(standard), seccomp_release);
  if (!filter) fail(base + "/defaultAction", "libseccomp refuses the default action", EINVAL);
  add_architectures(filter, profile);
  const Json& calls = find_array(document, base + "/syscalls");
  for (std::size_t index = 0; index < calls.size(); ++index) {
    const std::string pointer = join(base + "/syscalls", index);
    const std::uint32_t action = action_of(document, pointer + "/action", pointer + "/errnoRet");
    const std::vector<scmp_arg_cmp> conditions = conditions_of(calls.at(index), pointer);
    if (action == standard) continue;
    for (const std::string& name : find_strings(document, pointer + "/names")) {
      add_rule(filter, action, name, conditions, pointer);
    }
  }
  return export_program(filter);
}

void evaluate_seccomp(const Json& config, const Profile& profile) {
  if (profile.mode("seccomp") != RuleMode::enforce) return;
  const Json* seccomp = find(config, "/linux/seccomp");
  if (seccomp == nullptr) {
    throw Error(ErrorKind::refused, "/linux/seccomp", "there is no profile");
  }
  const Json& settings = profile.settings("seccomp");
  const std::vector<std::string> capabilities =
      find_strings(config, "/process/capabilities/bounding");
  std::unordered_set<std::string> names;
  std::vector<std::pair<Architecture, std::vector<DeniedCall>>> judged;
  for (const Architecture& architecture : judged_architectures(*seccomp)) {
    judged.push_back({architecture, denied_calls(settings, architecture.name, capabilities)});
    for (const DeniedCall& call : judged.back().second) names.insert(call.name);
  }
  const std::vector<BpfInstruction> program =
      compile_seccomp_in_time(relevant_part(*seccomp, names));
  for (const auto& [architecture, calls] : judged) {
    for (const DeniedCall& call : calls) {
      for (const std::int32_t number : numbers_of(call.name, architecture)) {
        for (const std::uint32_t outcome :
             filter_outcomes(program, number, architecture.audit, call.arguments)) {
          if (lets_through(outcome)) refuse(call, architecture);
        }
      }
    }
  }
}

}  // namespace hardened
