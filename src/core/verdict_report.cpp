// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/verdict_report.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/text.hpp"

namespace hardened::judging {
namespace {

constexpr std::size_t kBeside = 2;       // blanks between columns
constexpr std::size_t kNarrowest = 24;   // evidence; a narrower terminal wraps by itself
constexpr std::size_t kVerdict = 4;      // "FAIL"
constexpr std::size_t kMostColumns = 4;  // containers side by side
constexpr std::size_t kLongestName = 20;

std::string padded(std::string text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "\x1b[32m";
    case Verdict::warn:
      return "\x1b[33m";
    case Verdict::fail:
      return "\x1b[31;1m";
    case Verdict::not_judged:
      return "\x1b[2m";
  }
  return "";
}

std::string painted(Verdict verdict, const std::string& text, Colour colour) {
  if (colour == Colour::no) return text;
  return std::string(colour_of(verdict)) + text + "\x1b[0m";
}

std::string counts_of(const Judgement& judgement) {
  const auto part = [&](Verdict verdict, std::string_view word) {
    return std::to_string(count(judgement, verdict)) + ' ' + std::string(word);
  };
  return part(Verdict::fail, "FAIL") + ", " + part(Verdict::warn, "WARN") + ", " +
         part(Verdict::pass, "PASS") + ", " + part(Verdict::not_judged, "not judged");
}

// Where the terminal tells no width, all on one line.
std::string folded(const std::string& text, std::size_t indent, std::size_t columns) {
  const std::string shown = printable(text, kWhole);
  if (columns == 0) return shown + '\n';
  const std::size_t room = std::max(columns > indent ? columns - indent : 0, kNarrowest);
  std::string out;
  for (const std::string& line : wrapped(shown, room)) {
    out += (out.empty() ? "" : std::string(indent, ' ')) + line + '\n';
  }
  return out;
}

std::string heading(const Judgement& judgement) {
  const ContainerSighting& container = judgement.container;
  std::string text = "container " + (container.id.empty() ? "without an id" : container.id);
  if (!container.name.empty()) text += " (" + container.name + ")";
  text += ": " + std::to_string(container.processes.size()) +
          (container.processes.size() == 1 ? " process" : " processes") + ", the first is pid " +
          std::to_string(container.init);
  if (container.runtime.empty()) return text + ", known from the kernel alone";
  return text + ", kept in " + container.runtime;
}

struct Widths {
  std::size_t id = 0, title = 0;
};

Widths widths_of(const std::vector<Judged>& items) {
  Widths widths;
  for (const Judged& item : items) {
    widths.id = std::max(widths.id, width_of(item.id));
    widths.title = std::max(widths.title, width_of(item.title));
  }
  return widths;
}

std::string row(const Judged& item, const Widths& widths, const VerdictStyle& style) {
  std::string evidence;
  for (const std::string& line : item.evidence) evidence += (evidence.empty() ? "" : "; ") + line;
  if (!item.remedy.empty()) evidence += " [" + item.remedy + "]";
  const std::string verdict(name_of(item.verdict));
  const std::string start = padded(item.id, widths.id + kBeside);
  const std::size_t indent = widths.id + widths.title + kVerdict + 3 * kBeside;
  // A terminal without room for a third column gets the evidence on lines of its own.
  const bool narrow = style.columns != 0 && style.columns < indent + kNarrowest;
  std::string out = start + painted(item.verdict, padded(verdict, kVerdict), style.colour) +
                    std::string(kBeside, ' ');
  if (narrow) return out + item.title + "\n    " + folded(evidence, 4, style.columns);
  return out + padded(item.title, widths.title + kBeside) + folded(evidence, indent, style.columns);
}

std::string level_of(const Judgement& judgement) {
  std::string text = "Pod Security level: " + judgement.level;
  if (judgement.level_ends.empty()) return text;
  const std::string next = judgement.level == "privileged" ? "baseline" : "restricted";
  return text + "; " + next + " ends at " + judgement.level_ends;
}

std::string one_container(const Judgement& judgement, const VerdictStyle& style) {
  std::string out = folded(heading(judgement), 2, style.columns);
  const Widths widths = widths_of(judgement.items);
  for (const Judged& item : judgement.items) {
    if (item.verdict != Verdict::not_judged) out += row(item, widths, style);
  }
  std::string left;
  for (const Judged& item : judgement.items) {
    if (item.verdict != Verdict::not_judged) continue;
    left += (left.empty() ? "" : ", ") + item.id.substr(item.id.find(' ') + 1);
  }
  if (!left.empty())
    out += folded("not judged, the kernel shows nothing of it: " + left, 2, style.columns);
  for (const std::string& neighbour : judgement.container.neighbours) {
    out += folded("shares the pid namespace: " + neighbour, 2, style.columns);
  }
  out += folded(level_of(judgement), 2, style.columns);
  return out + counts_of(judgement) + '\n';
}

// Items down, containers across.
std::string side_by_side(const std::vector<Judgement>& judgements, const VerdictStyle& style) {
  const Widths widths = widths_of(judgements.front().items);
  std::vector<std::string> names;
  for (const Judgement& judgement : judgements) {
    names.push_back(printable(short_name(judgement.container), kLongestName));
  }
  std::string out = padded("", widths.id + widths.title + 2 * kBeside);
  for (const std::string& name : names)
    out += padded(name, std::max<std::size_t>(width_of(name), kVerdict) + kBeside);
  out = out.substr(0, out.find_last_not_of(' ') + 1) + '\n';
  for (std::size_t at = 0; at < judgements.front().items.size(); ++at) {
    const Judged& first = judgements.front().items[at];
    out += padded(first.id, widths.id + kBeside) + padded(first.title, widths.title + kBeside);
    for (std::size_t which = 0; which < judgements.size(); ++which) {
      const Verdict verdict = judgements[which].items[at].verdict;
      const bool last = which + 1 == judgements.size();
      const std::string cell =
          last ? std::string(name_of(verdict))
               : padded(std::string(name_of(verdict)),
                        std::max<std::size_t>(width_of(names[which]), kVerdict) + kBeside);
      out += painted(verdict, cell, style.colour);
    }
    out += '\n';
  }
  return out;
}

std::string overview(const std::vector<Judgement>& judgements, const VerdictStyle& style) {
  std::string out;
  for (const Judgement& judgement : judgements) {
    const Verdict verdict = worst(judgement);
    out +=
        painted(verdict, padded(std::string(name_of(verdict)), 4 + kBeside), style.colour) +
        padded(printable(short_name(judgement.container), kLongestName), kLongestName + kBeside) +
        counts_of(judgement) + "; Pod Security " + judgement.level + '\n';
  }
  return out;
}

Json items_json(const std::vector<Judged>& items) {
  Json array = Json::array();
  for (const Judged& item : items) {
    array.push_back(
        {{"id", item.id},
         {"title", item.title},
         {"verdict", item.verdict == Verdict::not_judged ? "not judged" : name_of(item.verdict)},
         {"evidence", item.evidence},
         {"remedy", item.remedy}});
  }
  return array;
}

Json processes_json(const ContainerSighting& container) {
  Json array = Json::array();
  for (const ProcessSighting& process : container.processes) {
    array.push_back({{"pid", process.pid},
                     {"inner_pid", process.inner_pid},
                     {"name", process.name},
                     {"found_by", process.in_cgroup ? "cgroup" : "namespace"}});
  }
  return array;
}

// Names in a container need not be UTF-8, and JSON must.
std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string short_name(const ContainerSighting& container) {
  constexpr std::size_t kShortId = 12;
  if (!container.name.empty()) return container.name;
  if (!container.id.empty()) return container.id.substr(0, kShortId);
  return "pid " + std::to_string(container.init);
}

std::string verdict_text(const std::vector<Judgement>& judgements, const VerdictStyle& style) {
  if (judgements.empty()) return "no container runs here\n";
  std::string out;
  if (judgements.size() > kMostColumns) {
    out = overview(judgements, style) + '\n';
  } else if (judgements.size() > 1) {
    out = side_by_side(judgements, style) + '\n';
  }
  for (const Judgement& judgement : judgements) {
    if (&judgement != &judgements.front()) out += '\n';
    out += one_container(judgement, style);
  }
  return out;
}

std::string verdict_json(const std::vector<Judgement>& judgements, const VerdictStyle& style) {
  Json containers = Json::array();
  for (const Judgement& judgement : judgements) {
    const ContainerSighting& container = judgement.container;
    containers.push_back({{"id", container.id},
                          {"name", container.name},
                          {"init", container.init},
                          {"runtime_state", container.runtime},
                          {"cgroups", container.cgroups},
                          {"worst", name_of(worst(judgement))},
                          {"items", items_json(judgement.items)},
                          {"pod_security",
                           {{"level", judgement.level},
                            {"ends_at", judgement.level_ends},
                            {"controls", items_json(judgement.pod_security)}}},
                          {"processes", processes_json(container)},
                          {"neighbours", container.neighbours},
                          {"unseen", container.unseen}});
  }
  return dumped(
      {{"host", style.host}, {"time", style.time}, {"containers", std::move(containers)}});
}

}  // namespace hardened::judging
