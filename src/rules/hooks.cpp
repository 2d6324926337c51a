// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::array<std::string_view, 6> kKinds{
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
constexpr std::string_view kExecutables = "rules.hooks.allowed_executables";
constexpr std::string_view kMode = "rules.hooks.mode";

// runtime-spec config.md#posix-platform-hooks: run by the runtime in the container's namespaces.
constexpr std::string_view kInContainer = "createContainer";
constexpr std::string_view kPlainPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Fault {
  std::string what;  // empty: none
  std::string_view setting;
};

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

// "/proc/3300/exe": how dockerd names itself.
bool is_process_executable(std::string_view path) {
  const std::vector<std::string> parts = path_components(path);
  return parts.size() == 3 && parts[0] == "proc" && parts[2] == "exe" &&
         parts[1].find_first_not_of("0123456789") == std::string::npos;
}

// What is wrong with the executable that the path at `pointer` names; empty: nothing, and its own
// name stands there.
Fault fault_of(const std::string& path, const std::string& pointer, const RuleInput& input,
               Draft& draft) {
  const std::vector<std::string> allowed = find_strings(input.settings, "/allowed_executables");
  const auto found = input.facts.hooks.find(path);
  const ExecutableFact fact = found == input.facts.hooks.end() ? ExecutableFact{} : found->second;
  switch (fact.sight) {
    case Sight::missing:
      return {"which is not there", kMode};
    case Sight::unseen:
      draft.unverified("the hook " + path);
      if (holds(allowed, path) || is_process_executable(path)) return {};
      return {"which the policy does not name", kExecutables};
    case Sight::seen:
      break;
  }
  if (!holds(allowed, fact.path)) {
    return {fact.path == path ? "which the policy does not name"
                              : "which is " + fact.path + ", and the policy does not name that",
            kExecutables};
  }
  if (fact.owner != 0 || fact.replaceable) return {"which others than root can change", kMode};
  // What is vetted is what runs: the process of /proc/PID/exe can be another by then.
  draft.set(pointer, fact.path, "the program that was looked at, by its own name");
  return {};
}

void judge(Draft& draft, const RuleInput& input, const Json& hook, const std::string& pointer) {
  const std::string path = find_string(hook, "/path").value_or("");
  if (const Fault fault = fault_of(path, pointer + "/path", input, draft); !fault.what.empty()) {
    draft.refuse(pointer + "/path", "a hook that runs " + path + " as host root, " + fault.what,
                 fault.setting);
  }
  const std::vector<std::string> args = find_strings(hook, "/args");
  const std::string first = args.empty() ? "" : args.front();
  // dockerd is many programs, chosen by argv[0]: "docker-untar" would unpack an archive over the
  // host.
  if (!holds(find_strings(input.settings, "/allowed_first_arguments"), first)) {
    draft.refuse(pointer + "/args", "a hook that is called as \"" + first + '"',
                 "rules.hooks.allowed_first_arguments");
  }
  for (const std::string& variable : find_strings(hook, "/env")) {
    const std::string name = variable.substr(0, variable.find('='));
    // LD_PRELOAD, GCONV_PATH, PATH ...: any of them makes an honest program run another's code as
    // host root.
    if (variable != kPlainPath &&
        !holds(find_strings(input.settings, "/allowed_environment"), name)) {
      const bool named = variable.find('=') != std::string::npos;
      draft.refuse(
          pointer + "/env",
          "a hook with " + (named ? name : "what is no NAME=value") + " in its environment",
          "rules.hooks.allowed_environment", "CVE-2025-23266");
    }
  }
}

// A hook with no environment of its own gets the caller's, which is the image's where runc's init
// calls it: an LD_PRELOAD of the image then runs as host root (CVE-2025-23266).
void give_environment(Draft& draft, const std::string& pointer) {
  if (!find_strings(draft.document(), pointer + "/env").empty()) return;
  draft.set(pointer + "/env", Json::array({kPlainPath}),
            "not the environment that the image brings");
}

void apply(Draft& draft, const RuleInput& input) {
  // A copy: what is judged may be written meanwhile.
  const Json given = find_object(draft.document(), "/hooks");
  for (const auto& [kind, hooks] : given.items()) {
    const std::string pointer = join("/hooks", kind);
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
      draft.refuse(pointer, "hooks of a kind that is not known", kMode);
      continue;
    }
    for (std::size_t index = 0; hooks.is_array() && index < hooks.size(); ++index) {
      judge(draft, input, hooks[index], join(pointer, index));
      if (kind == kInContainer) give_environment(draft, join(pointer, index));
    }
  }
}

}  // namespace

extern const Rule hooks_rule;
const Rule hooks_rule{"hooks", "host-root code execution through a hook that the document brings",
                      "runtime-spec config.md#posix-platform-hooks", apply, "allowed_executables"};

}  // namespace hardened
