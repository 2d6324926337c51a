// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/daemon_settings.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

struct Option {
  std::string name;  // without dashes
  std::optional<std::string> value;
};

std::vector<Option> options_of(const std::vector<std::string>& arguments) {
  std::vector<Option> options;
  for (const std::string& word : arguments) {
    if (!word.starts_with('-')) {
      if (!options.empty() && !options.back().value) options.back().value = word;
      continue;
    }
    const std::size_t begin = std::min(word.find_first_not_of('-'), word.size());
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) {
      options.push_back({word.substr(begin, equals - begin), word.substr(equals + 1)});
    } else if (begin == 1 && word.size() > 2) {
      options.push_back({word.substr(1, 1), word.substr(2)});  // -Hfd://
    } else {
      options.push_back({word.substr(begin), std::nullopt});
    }
  }
  return options;
}

// Where the key of daemon.json has another name than the option.
struct Name {
  std::string_view option;
  std::string_view key;
};
constexpr std::array kNames{Name{"H", "hosts"},
                            Name{"host", "hosts"},
                            Name{"l", "log-level"},
                            Name{"D", "debug"},
                            Name{"s", "storage-driver"},
                            Name{"G", "group"},
                            Name{"g", "data-root"},
                            Name{"graph", "data-root"},
                            Name{"p", "pidfile"},
                            Name{"insecure-registry", "insecure-registries"},
                            Name{"authorization-plugin", "authorization-plugins"},
                            Name{"default-ulimit", "default-ulimits"},
                            Name{"exec-opt", "exec-opts"},
                            Name{"storage-opt", "storage-opts"},
                            Name{"label", "labels"},
                            Name{"log-opt", "log-opts"},
                            Name{"add-runtime", "runtimes"}};
constexpr std::array<std::string_view, 6> kLists{
    "hosts", "insecure-registries", "authorization-plugins", "exec-opts", "storage-opts", "labels"};
constexpr std::array<std::string_view, 2> kObjects{"default-ulimits", "log-opts"};

std::string key_of(const std::string& option) {
  const auto found = std::ranges::find(kNames, option, &Name::option);
  return found == kNames.end() ? option : std::string(found->key);
}

Json scalar(const std::optional<std::string>& value) {
  if (!value || *value == "true") return true;
  if (*value == "false") return false;
  return *value;
}

template <typename List>
bool holds(const List& list, const std::string& key) {
  return std::ranges::find(list, key) != list.end();
}

void add_pair(Json& settings, const std::string& key, const std::string& pair) {
  const std::size_t equals = std::min(pair.find('='), pair.size());
  const std::string value = pair.substr(std::min(equals + 1, pair.size()));
  Json& object = settings[key];
  if (!object.is_object()) object = Json::object();
  if (key == "runtimes") {
    object[pair.substr(0, equals)] = Json::object({{"path", value}});
  } else {
    object[pair.substr(0, equals)] = value;
  }
}

}  // namespace

Json daemon_settings(const std::vector<std::string>& arguments, const Json& file) {
  Json settings = file.is_object() ? file : Json::object();
  for (const Option& option : options_of(arguments)) {
    const std::string key = key_of(option.name);
    if (key == "runtimes" || holds(kObjects, key)) {
      add_pair(settings, key, option.value.value_or(""));
    } else if (holds(kLists, key)) {
      Json& list = settings[key];
      if (!list.is_array()) list = Json::array();
      list.push_back(option.value.value_or(""));
    } else {
      settings[key] = scalar(option.value);
    }
  }
  return settings;
}

std::string config_file_of(const std::vector<std::string>& arguments,
                           const std::string& otherwise) {
  const Json settings = daemon_settings(arguments, Json::object());
  const auto named = settings.find("config-file");
  return named != settings.end() && named->is_string() ? named->get<std::string>() : otherwise;
}

}  // namespace hardened
