// SPDX-License-Identifier: Apache-2.0
// Command lines, words separated as in /proc/PID/cmdline or one a line.
#include "targets.hpp"

namespace hardened::fuzz {

void argv(Input input) {
  std::vector<std::string> words;
  std::string word;
  for (const char letter : text_of(input)) {
    if (letter != '\0' && letter != '\n') {
      word += letter;
      continue;
    }
    words.push_back(std::move(word));
    word.clear();
  }
  if (!word.empty()) words.push_back(std::move(word));
  require_whole(property::command_line(words, standard(), usual_facts().host));
  require_whole(property::enter_by_flags(words, container(), standard()));
}

}  // namespace hardened::fuzz
