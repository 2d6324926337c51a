// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/invocation.hpp"

#include <algorithm>
#include <array>

#include "core/invocation_flags.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

[[noreturn]] void usage(const std::string& text) { throw Error(ErrorKind::usage, text); }

std::string in_quotes(std::string_view word) { return '"' + printable(word, 60) + '"'; }

Operation operation_of(std::string_view command) {
  if (command == "create") return Operation::create;
  if (command == "run") return Operation::run;
  if (command == "restore") return Operation::restore;
  if (command == "exec") return Operation::exec;
  if (command == "update") return Operation::update;
  return Operation::forward;
}

// A word split as Go's flag package does: one or two dashes, a name, perhaps "=value".
struct Split {
  std::string name;
  std::optional<std::string> value;
};

// nullopt: not a flag but a word ("-" alone is one).
std::optional<Split> split_flag(std::string_view word) {
  if (word.size() < 2 || word.front() != '-') return std::nullopt;
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return Split{std::string(word), std::nullopt};
  return Split{std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
}

// Without the value: a misspelt `--env=PASSWORD=...` must be in no error and no log.
std::string_view name_in(std::string_view word) { return word.substr(0, word.find('=')); }

// strconv.ParseBool, that both runcs use.
std::string boolean(const Split& split) {
  if (!split.value) return "true";
  constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), *split.value) != kTrue.end()) return "true";
  if (std::find(kFalse.begin(), kFalse.end(), *split.value) != kFalse.end()) return "false";
  usage("--" + split.name + ": " + in_quotes(*split.value) + " is neither true nor false");
}

// A value of its own word that looks like a flag: older runc versions reorder by looks and would
// take another word.
bool looks_like_flag(std::string_view word) {
  return word.size() > 1 && word.front() == '-' &&
         word.find_first_not_of("0123456789", 1) != std::string_view::npos;
}

}  // namespace

// Walks argv once; what follows the command of a forwarded call is not looked at.
class Invocation::Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Invocation read() {
    read_globals();
    if (at_ < words_.size()) read_command();
    if (result_.operation_ == Operation::forward) {
      while (at_ < words_.size()) add_word(words_[at_++]);
    } else {
      read_flags();
      check();
    }
    return std::move(result_);
  }

 private:
  using Part = Token::Part;

  void read_globals() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_];
      const auto split = split_flag(word);
      if (!split) return;
      ++at_;
      if (word == "--") {
        add_word(word);
        return;
      }
      const FlagSpec* spec = find_global_flag(split->name);
      if (spec == nullptr) usage("unknown global flag " + in_quotes(name_in(word)));
      Token token = read_flag(*spec, *split, Part::global_flag, word);
      if (spec->name == "profile") {
        if (token.value->empty()) usage("--profile needs a name");
        result_.profile_ = token.value;
      } else {
        result_.tokens_.push_back(std::move(token));
      }
    }
  }

  void read_command() {
    result_.command_ = words_[at_];
    result_.operation_ = operation_of(words_[at_]);
    if (result_.command_ == "mounts") {
      // crun only: puts any of the host's files into a container that was vetted long ago.
      throw refused({"mounts", "", "a change to a running container's mounts", "CIS 5.6", ""});
    }
    result_.tokens_.push_back({Part::command, "", words_[at_++], std::nullopt});
  }

  void read_flags() {
    bool only_words = false;
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      const auto split = only_words ? std::nullopt : split_flag(word);
      if (!split || word == "--") {
        // Go and getopt both drop the first "--"; after it, and in exec after the id, all are
        // words.
        const bool separator = !only_words && word == "--";
        only_words = only_words || separator || result_.operation_ == Operation::exec;
        add_word(word);
        if (!separator) result_.positionals_.push_back(word);
        if (separator && !result_.positionals_.empty()) usage("\"--\" after the container's id");
        continue;
      }
      const FlagSpec* spec = find_flag(result_.operation_, split->name);
      if (spec == nullptr) usage(result_.command_ + ": unknown flag " + in_quotes(name_in(word)));
      result_.tokens_.push_back(read_flag(*spec, *split, Part::flag, word));
    }
  }

  Token read_flag(const FlagSpec& spec, const Split& split, Part part, const std::string& word) {
    Token token{part, std::string(spec.name), word.substr(0, word.find('=')), split.value};
    token.attached = token.written = split.value.has_value();
    if (spec.arity == Arity::boolean) {
      token.value = boolean(split);
      token.spelling = word;
      token.written = false;
      return token;
    }
    if (split.value) return token;
    if (at_ == words_.size()) usage(in_quotes(word) + " needs a value");
    if (looks_like_flag(words_[at_])) {
      usage(in_quotes(word) + " is followed by " + in_quotes(words_[at_]) + "; write it as " +
            printable(word, 60) + "=VALUE if that is its value");
    }
    token.value = words_[at_++];
    token.written = true;
    return token;
  }

  void add_word(const std::string& word) {
    result_.tokens_.push_back({Part::word, "", word, std::nullopt});
  }

  // What holds for hardened calls only.
  void check() {
    if (result_.global("help") || result_.global("version")) {
      usage("--help and --version go without the command " + result_.command_);
    }
    if (result_.flag("help")) {
      const bool bare =
          std::all_of(result_.tokens_.begin(), result_.tokens_.end(),
                      [](const Token& token) { return token.flag != "help" || !token.attached; });
      if (!bare) usage(result_.command_ + ": --help takes no value");
      result_.operation_ = Operation::forward;  // the runtime prints its help and ends
      return;
    }
    if (result_.operation_ != Operation::exec && result_.positionals_.size() > 1) {
      usage(result_.command_ + ": expected one container id, got " +
            std::to_string(result_.positionals_.size()) + " words");
    }
    refuse_escapes();
    unify_spelling();
  }

  void refuse_escapes() const {
    if (result_.flag("config")) {
      // crun only: the bundle's config.json would be hardened, and another file be used.
      throw refused(
          {"--config", "", "another document than the bundle's config.json", "CIS 5", ""});
    }
    for (const Token& token : result_.tokens_) {
      if (token.part == Part::global_flag && token.flag == "cgroup-manager" &&
          token.value == "disabled") {
        throw refused({"--cgroup-manager disabled", "",
                       "a container without a cgroup, where no limit holds", "CIS 5.25", ""});
      }
    }
  }

  // One spelling that every reader understands alike: to crun `-process F` is `-p rocess` and a
  // word F, and `-b=B` is a bundle called "=B".
  void unify_spelling() {
    for (Token& token : result_.tokens_) {
      if (token.flag.empty()) continue;
      if (!token.written) {
        token.spelling = "--" + token.flag + (token.value == "false" ? "=false" : "");
        continue;
      }
      const bool single_letter = token.spelling.find_last_of('-') + 2 == token.spelling.size();
      if (!single_letter || token.attached) {
        token.spelling = "--" + token.flag;
      } else if (token.spelling.starts_with("--")) {
        token.spelling.erase(0, 1);
      }
    }
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  Invocation result_;
};

Invocation Invocation::parse(const std::vector<std::string>& arguments) {
  return Reader(arguments).read();
}

std::optional<std::string> Invocation::global(std::string_view flag) const {
  const auto found = std::find_if(tokens_.rbegin(), tokens_.rend(), [&](const Token& token) {
    return token.part == Token::Part::global_flag && token.flag == flag;
  });
  return found == tokens_.rend() ? std::nullopt : found->value;
}

std::optional<std::string> Invocation::flag(std::string_view flag) const {
  const std::vector<std::string> values = flag_values(flag);
  return values.empty() ? std::nullopt : std::optional(values.back());
}

std::vector<std::string> Invocation::flag_values(std::string_view flag) const {
  std::vector<std::string> values;
  for (const Token& token : tokens_) {
    if (token.part == Token::Part::flag && token.flag == flag)
      values.push_back(token.value.value_or(""));
  }
  return values;
}

std::string Invocation::id() const {
  if (positionals_.empty()) usage(command_ + ": the container's id is missing");
  check_id(positionals_.front());
  return positionals_.front();
}

void Invocation::set_flag(std::string_view flag, std::string_view value) {
  const std::size_t occurrences = flag_values(flag).size();
  set_flag_values(
      flag, std::vector<std::string>(std::max<std::size_t>(1, occurrences), std::string(value)));
}

void Invocation::remove_flag(std::string_view flag) { set_flag_values(flag, {}); }

void Invocation::set_flag_values(std::string_view flag, const std::vector<std::string>& values) {
  const FlagSpec* spec = find_flag(operation_, flag);
  if (spec == nullptr) usage(command_ + ": no flag is called " + in_quotes(flag));
  const bool boolean = spec->arity == Arity::boolean;
  std::size_t next = 0;
  std::erase_if(tokens_, [&](Token& token) {
    if (token.part != Token::Part::flag || token.flag != flag) return false;
    if (next == values.size() || (boolean && values[next] == "false")) return true;
    token.value = values[next++];
    if (boolean) token.spelling = "--" + std::string(flag);
    return false;
  });
  while (next < values.size() && !(boolean && values[next] == "false"))
    add_flag(flag, values[next++]);
}

void Invocation::add_flag(std::string_view flag, std::string_view value) {
  const bool boolean = find_flag(operation_, flag)->arity == Arity::boolean;
  const auto command = std::find_if(tokens_.begin(), tokens_.end(), [](const Token& token) {
    return token.part == Token::Part::command;
  });
  const auto word = std::find_if(
      command, tokens_.end(), [](const Token& token) { return token.part == Token::Part::word; });
  tokens_.insert(word, {Token::Part::flag, std::string(flag), "--" + std::string(flag),
                        std::string(value), !boolean});
}

std::vector<std::string> Invocation::arguments() const {
  std::vector<std::string> words;
  for (const Token& token : tokens_) {
    words.push_back(token.spelling);
    if (!token.value || !token.written) continue;
    if (token.attached) {
      words.back() += '=' + *token.value;
    } else if (looks_like_flag(*token.value)) {
      words.back() =
          "--" + token.flag + '=' + *token.value;  // of its own it would be read as a flag
    } else {
      words.push_back(*token.value);
    }
  }
  return words;
}

void check_id(std::string_view id) {
  const bool fits =
      !id.empty() && id != "." && id != ".." &&
      id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.") ==
          std::string_view::npos;
  if (!fits) usage("container id " + in_quotes(id) + ": expected letters, digits and _+-. only");
}

Operation likely_operation(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const Operation operation = operation_of(word);
    if (operation != Operation::forward) return operation;
  }
  return Operation::forward;
}

}  // namespace hardened
