// SPDX-License-Identifier: Apache-2.0
// Mounts by what the runtime makes of them: the flags of the topmost and of all below, what is
// bound and where, and in which order.
#include <array>

#include "findings.hpp"
#include "hardened/core/paths.hpp"

namespace hardened::property {
namespace {

struct Flag {
  const char* on;
  const char* off;
};
constexpr std::array kTight{Flag{"ro", "rw"}, Flag{"nosuid", "suid"}, Flag{"nodev", "dev"},
                            Flag{"noexec", "exec"}};

std::vector<std::string> options(const Json& mount) {
  std::vector<std::string> words;
  for (const Json& word : list(mount, "/options")) words.push_back(word.get<std::string>());
  return words;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// mount(2) takes the last word; mount_setattr(2) comes after it, and clears before it sets.
struct State {
  bool topmost = false;
  bool below = false;
};

State state(const std::vector<std::string>& words, const Flag& flag) {
  State now;
  for (const std::string& word : words) {
    if (word == flag.on) now.topmost = true;
    if (word == flag.off) now.topmost = false;
  }
  if (has(words, std::string("r") + flag.off)) now.topmost = false;
  if (has(words, std::string("r") + flag.on)) now = {true, true};
  return now;
}

bool is_flag(const std::string& word) {
  for (const Flag& flag : kTight) {
    for (const std::string name : {flag.on, flag.off}) {
      if (word == name || word == "r" + name) return true;
    }
  }
  return false;
}

// All that says what is mounted and how, but for what only takes away.
std::vector<std::string> rest_of(const std::vector<std::string>& words) {
  std::vector<std::string> rest;
  for (const std::string& word : words) {
    if (!is_flag(word)) rest.push_back(word);
  }
  return rest;
}

bool is_bind(const Json& mount) {
  const std::vector<std::string> words = options(mount);
  return text(mount, "/type") == "bind" || has(words, "bind") || has(words, "rbind");
}

bool spreads(const std::vector<std::string>& words) {
  for (const char* word : {"private", "shared", "slave", "unbindable", "rprivate", "rshared",
                           "rslave", "runbindable"}) {
    if (has(words, word)) return true;
  }
  return false;
}

std::string place(const Json& mount) { return normal_path("/" + text(mount, "/destination")); }

void compare_options(const Json& before, const Json& after, Findings& findings) {
  const std::string where = "mounts at " + place(before);
  const std::vector<std::string> had = options(before);
  const std::vector<std::string> now = options(after);
  for (const Flag& flag : kTight) {
    const State was = state(had, flag);
    const State is = state(now, flag);
    if ((was.topmost && !is.topmost) || (was.below && !is.below)) {
      findings.add(where, std::string("lost ") + flag.on);
    }
  }
  std::vector<std::string> rest = rest_of(now);
  if (!spreads(had)) std::erase(rest, "rprivate");
  if (rest_of(had) != rest) findings.add(where, "has other options: " + Json(rest).dump());
}

struct View {
  const char* type;
  const char* place;
  const char* name_space;
};
constexpr std::array kViews{View{"proc", "/proc", "pid"}, View{"sysfs", "/sys", "network"},
                            View{"mqueue", "/dev/mqueue", "ipc"}};

bool shares_with_the_host(const Json& document, const Facts& facts, const std::string& type) {
  for (const Json& entry : list(document, "/linux/namespaces")) {
    if (text(entry, "/type") != type) continue;
    const std::string path = text(entry, "/path");
    const auto fact = facts.namespaces.find(path);
    const bool unseen = fact == facts.namespaces.end() || fact->second.sight != Sight::seen;
    return !path.empty() && (unseen || fact->second.host);
  }
  return true;
}

// Where a fresh file system would show the host's namespace, the host's own mount of it shows the
// same, if it is as read-only and nothing of what lies below comes along.
bool is_same_view(const Json& document, const Json& before, const Json& after, const Facts& facts) {
  if (is_bind(before) || text(after, "/type") != "bind") return false;
  const std::vector<std::string> words = options(after);
  for (const View& view : kViews) {
    if (text(before, "/type") != view.type || place(before) != view.place) continue;
    const bool tight = state(words, {"nosuid", "suid"}).topmost &&
                       state(words, {"nodev", "dev"}).topmost &&
                       state(words, {"noexec", "exec"}).topmost;
    const bool readable =
        state(words, {"ro", "rw"}).topmost ||
        (view.type == std::string("proc") && !state(options(before), {"ro", "rw"}).topmost);
    return tight && readable && !has(words, "rbind") && place(after) == view.place &&
           text(after, "/source") == view.place &&
           shares_with_the_host(document, facts, view.name_space);
  }
  return false;
}

void compare_one(const Json& before, const Json& after, Findings& findings) {
  const std::string where = "mounts at " + place(before);
  const bool named = is_bind(before) && text(after, "/type") == "bind";
  if (!named &&
      (text(before, "/type") != text(after, "/type") || is_bind(before) != is_bind(after))) {
    findings.add(where, "is of another type");
  }
  compare_options(before, after, findings);
  Json rest = after;
  Json had = before;
  for (Json* mount : {&rest, &had}) {
    mount->erase("type");
    mount->erase("options");
  }
  if (rest != had) findings.add(where, "was changed");
}

bool is_same_mount(const Json& before, const Json& after) {
  return text(before, "/destination") == text(after, "/destination") &&
         text(before, "/source") == text(after, "/source");
}

// State directories: what the rootfs has there anyway, or nothing at all.
void judge_added(const Json& document, const Json& mount, const std::vector<std::string>& earlier,
                 const Facts& facts, Findings& findings) {
  const std::string where = place(mount);
  const std::vector<std::string> words = options(mount);
  if (is_true(document, "/root/readonly")) findings.add(where, "was added, to what is read-only");
  if (!state(words, {"nosuid", "suid"}).topmost || !state(words, {"nodev", "dev"}).topmost) {
    findings.add(where, "was added without nosuid and nodev");
  }
  for (const char* kernel : {"/proc", "/sys", "/dev"}) {
    if (at_or_below(where, kernel) || at_or_below(kernel, where)) {
      findings.add(where, "was added at a file system of the kernel");
    }
  }
  for (const std::string& other : earlier) {
    if (at_or_below(other, where)) findings.add(where, "was added over the mount at " + other);
  }
  if (has(words, "shared") || has(words, "rshared")) findings.add(where, "was added, and shared");
  const std::string root =
      facts.root.sight == Sight::seen ? facts.root.path : text(document, "/root/path");
  // Memory, which the limit of the cgroup counts: what was there is hidden, and nothing is given.
  if (text(mount, "/type") == "tmpfs" && !is_bind(mount)) return;
  if (!is_bind(mount) || normal_path(text(mount, "/source")) != normal_path(root + "/" + where) ||
      has(words, "rbind")) {
    findings.add(where, "was added and is not of the rootfs");
  }
}

}  // namespace

void compare_mounts(const Json& before, const Json& after, const Facts& facts, Findings& findings) {
  const Json& had = list(before, "/mounts");
  std::size_t next = 0;
  std::vector<std::string> earlier;
  for (const Json& mount : list(after, "/mounts")) {
    if (next < had.size() && is_same_view(before, had[next], mount, facts)) {
      earlier.push_back(place(had[next++]));
    } else if (next < had.size() && is_same_mount(had[next], mount)) {
      earlier.push_back(place(had[next]));
      compare_one(had[next++], mount, findings);
    } else {
      judge_added(before, mount, earlier, facts, findings);
    }
  }
  if (next < had.size()) findings.add("mounts at " + place(had[next]), "is gone or comes later");
}

}  // namespace hardened::property
