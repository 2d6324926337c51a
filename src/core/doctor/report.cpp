// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "core/doctor/checks.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

struct Word {
  Verdict verdict;
  std::string_view text;  // as a machine reads it
  std::string_view mark;  // as a person does
  std::string_view colour;
};
constexpr std::array kWords{
    Word{Verdict::fail, "fail", "FAIL", "\x1b[1;31m"},
    Word{Verdict::warn, "warn", "WARN", "\x1b[33m"},
    Word{Verdict::unknown, "unknown", "????", "\x1b[35m"},
    Word{Verdict::ok, "ok", "ok  ", "\x1b[32m"},
    Word{Verdict::not_applicable, "not_applicable", "-   ", "\x1b[2m"},
};

const Word& word_of(Verdict verdict) { return *std::ranges::find(kWords, verdict, &Word::verdict); }

struct Title {
  std::string_view group;
  std::string_view text;
};
constexpr std::array kTitles{
    Title{"hardened", "hardened's own state"},
    Title{"kernel", "what the rules need of the kernel"},
    Title{"host", "the host"},
    Title{"runtime", "the low-level runtime"},
    Title{"ids", "ids for containers"},
    Title{"engine", "Docker, and the ways past hardened"},
    Title{"cis", "CIS Docker Benchmark, sections 2 and 3"},
};

std::size_t count(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
}

class Text {
 public:
  explicit Text(const ReportStyle& style) : style_(style) {}

  void heading(std::string_view group) {
    const auto title = std::ranges::find(kTitles, group, &Title::group);
    out_ += out_.empty() ? "" : "\n";
    coloured("\x1b[1m", std::string(title == kTitles.end() ? group : title->text));
    out_ += '\n';
  }

  void finding(const Finding& finding) {
    const Word& word = word_of(finding.verdict);
    std::string text = finding.id + "  " + finding.title;
    if (!finding.evidence.empty()) text += ": " + finding.evidence;
    coloured(word.colour, std::string(word.mark));
    lines(" ", text, 5);
    for (const std::string& detail : finding.details) lines("       - ", detail, 9);
    if (!finding.remedy.empty()) lines("     remedy: ", finding.remedy, 13);
    if (!finding.rules.empty() && finding.verdict != Verdict::ok) {
      lines("     wanted by: ", joined(finding.rules), 16);
    }
  }

  void not_applicable(const std::vector<Finding>& findings) {
    std::map<std::string, std::string> why;
    for (const Finding& finding : findings) {
      if (finding.verdict != Verdict::not_applicable) continue;
      std::string& ids = why[finding.evidence];
      ids += (ids.empty() ? "" : " ") + finding.id;
    }
    if (why.empty()) return;
    out_ += '\n';
    coloured("\x1b[1m", "does not apply here");
    out_ += '\n';
    for (const auto& [reason, ids] : why) lines("     ", ids + ": " + reason, 5);
  }

  void summary(const std::vector<Finding>& findings) {
    out_ += '\n' + std::to_string(count(findings, Verdict::fail)) + " failed, " +
            std::to_string(count(findings, Verdict::warn)) + " to look at, " +
            std::to_string(count(findings, Verdict::unknown)) + " not known, " +
            std::to_string(count(findings, Verdict::ok)) + " ok\n";
  }

  std::string take() { return std::move(out_); }

 private:
  void coloured(std::string_view colour, const std::string& text) {
    out_ += style_.colour == Colour::yes ? std::string(colour) + text + "\x1b[0m" : text;
  }

  // `first` stands before the first line; the ones after it begin at `indent`.
  void lines(std::string_view first, const std::string& text, std::size_t indent) {
    const std::string harmless = printable(text, kWhole);
    const std::size_t room = style_.columns > indent + 20 ? style_.columns - indent : 0;
    const auto parts = room == 0 ? std::vector{harmless} : wrapped(harmless, room);
    for (std::size_t at = 0; at < parts.size(); ++at) {
      out_ += (at == 0 ? std::string(first) : std::string(indent, ' ')) + parts[at] + '\n';
    }
  }

  const ReportStyle& style_;
  std::string out_;
};

std::string as_text(const std::vector<Finding>& findings, const ReportStyle& style) {
  Text text(style);
  std::string group;
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::not_applicable) continue;
    if (finding.group != group) text.heading(group = finding.group);
    text.finding(finding);
  }
  text.not_applicable(findings);
  text.summary(findings);
  return text.take();
}

// Names of containers and files are whatever bytes somebody chose: invalid UTF-8 would not be JSON.
Json text_json(const std::string& text) { return printable(text, kWhole); }

Json lists(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& word : words) list.push_back(text_json(word));
  return list;
}

std::string as_json(const std::vector<Finding>& findings) {
  Json summary = Json::object();
  for (const Word& word : kWords) summary[std::string(word.text)] = count(findings, word.verdict);
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back(Json::object({{"id", finding.id},
                                 {"group", finding.group},
                                 {"title", finding.title},
                                 {"verdict", word_of(finding.verdict).text},
                                 {"evidence", text_json(finding.evidence)},
                                 {"details", lists(finding.details)},
                                 {"remedy", text_json(finding.remedy)},
                                 {"rules", lists(finding.rules)},
                                 {"reference", finding.reference}}));
  }
  return Json::object({{"version", 1}, {"summary", summary}, {"findings", list}}).dump(2) + '\n';
}

}  // namespace

std::string report(const std::vector<Finding>& findings, DiagnosisFormat format,
                   const ReportStyle& style) {
  return format == DiagnosisFormat::json ? as_json(findings) : as_text(findings, style);
}

}  // namespace hardened
