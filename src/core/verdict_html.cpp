// SPDX-License-Identifier: Apache-2.0
// The page is printed, mailed and opened years later: one file, no script, nothing loaded.
#include <algorithm>

#include "hardened/core/text.hpp"
#include "hardened/core/verdict_report.hpp"

namespace hardened::judging {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --line: #d1d9e0; --card: #fff; --page: #f6f8fa;
  --pass: #116329; --pass-back: #dafbe1; --warn: #7d4e00; --warn-back: #fff8c5; --fail: #a40e26; --fail-back: #ffebe9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9198a1; --line: #3d444d; --card: #151b23; --page: #0d1117;
  --pass: #7ee787; --pass-back: #12361f; --warn: #e3b341; --warn-back: #3a2c0a; --fail: #ff9492; --fail-back: #4b1315; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; } h2 { font-size: 1.2rem; margin: 0; } h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; } .dim { color: var(--dim); } a { color: inherit; }
code { font: .87em/1.45 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.25rem; margin-top: 1.25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .45rem .75rem .45rem 0; }
th { font-weight: 600; color: var(--dim); font-size: .85rem; } tr + tr td, thead + tbody td { border-top: 1px solid var(--line); }
td:first-child { white-space: nowrap; } td:last-child, th:last-child { padding-right: 0; } td p { margin: 0 0 .15rem; }
.evidence { width: 55%; } .remedy { color: var(--dim); font-size: .87rem; }
b { display: inline-block; min-width: 3.4rem; text-align: center; padding: .05rem .5rem; border-radius: 1rem; font-size: .78rem; line-height: 1.5; }
.PASS { color: var(--pass); background: var(--pass-back); } .WARN { color: var(--warn); background: var(--warn-back); }
.FAIL { color: var(--fail); background: var(--fail-back); } .none { color: var(--dim); border: 1px solid var(--line); }
.counts { margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem; }
@media (max-width: 40rem) { body { padding: 1rem .75rem 2rem; } section { padding: 1rem; }
  .checks thead { display: none; } .checks tr { display: block; padding: .6rem 0; } .checks tr + tr, .checks tbody tr:first-child { border-top: 1px solid var(--line); }
  .checks td { display: inline; border: 0 !important; padding: 0 .4rem 0 0; } .checks td.evidence { display: block; width: auto; padding: .25rem 0 0; } }
@media print { :root { color-scheme: light; --ink: #000; --dim: #444; --line: #bbb; --card: #fff; --page: #fff;
  --pass: #0a4a1c; --pass-back: #fff; --warn: #5c3900; --warn-back: #fff; --fail: #8a0018; --fail-back: #fff; }
  body { padding: 0; max-width: none; font-size: 10pt; } section { border: 0; padding: 0; } section + section { break-before: page; }
  b { border: 1px solid currentColor; } thead { display: table-header-group; } tr, h3 { break-inside: avoid; } h3 { break-after: avoid; } .scroll { overflow: visible; } }
)css";

// Harmless for a reader first (control and bidirectional characters), then for the browser.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, kWhole)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string badge(Verdict verdict) {
  if (verdict == Verdict::not_judged) return "<span class=\"dim\">&ndash;</span>";
  const std::string name(name_of(verdict));
  return "<b class=\"" + name + "\">" + name + "</b>";
}

std::string counts(const Judgement& judgement) {
  std::string out = "<p class=\"counts\">";
  for (const Verdict verdict : {Verdict::fail, Verdict::warn, Verdict::pass}) {
    const std::string name(name_of(verdict));
    out += "<b class=\"" + name + "\">" + std::to_string(count(judgement, verdict)) + ' ' + name +
           "</b> ";
  }
  return out + "<b class=\"none\">" + std::to_string(count(judgement, Verdict::not_judged)) +
         " not judged</b></p>\n";
}

std::string check_row(const Judged& item) {
  std::string out = "<tr><td>" + escaped(item.id) + "</td><td>" + badge(item.verdict) +
                    "</td><td>" + escaped(item.title) + "</td><td class=\"evidence\">";
  for (const std::string& line : item.evidence) out += "<p><code>" + escaped(line) + "</code></p>";
  if (!item.remedy.empty()) out += "<p class=\"remedy\">" + escaped(item.remedy) + "</p>";
  return out + "</td></tr>\n";
}

std::string check_table(std::string_view title, const std::vector<Judged>& items) {
  std::string out = "<h3>" + std::string(title) +
                    "</h3>\n<table class=\"checks\"><thead><tr><th>Item</th><th>Verdict</th>"
                    "<th>Subject</th><th class=\"evidence\">Evidence</th></tr></thead><tbody>\n";
  for (const Judged& item : items) out += check_row(item);
  return out + "</tbody></table>\n";
}

std::string process_table(const ContainerSighting& container) {
  constexpr std::size_t kMostShown = 200;
  std::string out =
      "<h3>Processes</h3>\n<div class=\"scroll\"><table><thead><tr><th>pid</th><th>inside</th>"
      "<th>name</th><th>user</th><th>seccomp</th><th>no new privileges</th><th>found by</th>"
      "</tr></thead><tbody>\n";
  const auto& all = container.processes;
  for (std::size_t at = 0; at < std::min(all.size(), kMostShown); ++at) {
    const ProcessSighting& process = all[at];
    out += "<tr><td>" + std::to_string(process.pid) + "</td><td>" +
           std::to_string(process.inner_pid) + "</td><td><code>" + escaped(process.name) +
           "</code></td><td>" + std::to_string(process.users[1]) + "</td><td>" +
           std::to_string(process.seccomp) + "</td><td>" +
           (process.no_new_privileges ? "yes" : "no") + "</td><td>" +
           (process.in_cgroup ? "cgroup" : "namespace") + "</td></tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (all.size() <= kMostShown) return out;
  return out + "<p class=\"dim\">and " + std::to_string(all.size() - kMostShown) + " more</p>\n";
}

std::string anchor(std::size_t index) { return "c" + std::to_string(index + 1); }

std::string container_section(const Judgement& judgement, std::size_t index) {
  const ContainerSighting& container = judgement.container;
  std::string out = "<section id=\"" + anchor(index) + "\">\n<h2>" +
                    escaped(short_name(container)) + "</h2>\n<p class=\"dim\">";
  if (!container.id.empty()) out += "<code>" + escaped(container.id) + "</code><br>";
  out += "first process " + std::to_string(container.init) + ", " +
         (container.runtime.empty() ? "known from the kernel alone"
                                    : "kept in <code>" + escaped(container.runtime) + "</code>") +
         "</p>\n" + counts(judgement);
  out += "<p>Pod Security level: <strong>" + escaped(judgement.level) + "</strong>";
  if (!judgement.level_ends.empty()) {
    out += std::string("; ") + (judgement.level == "privileged" ? "baseline" : "restricted") +
           " ends at <code>" + escaped(judgement.level_ends) + "</code>";
  }
  out += "</p>\n";
  for (const std::string& line : container.unseen) {
    out += "<p>" + badge(Verdict::warn) + " could not be looked at: <code>" + escaped(line) +
           "</code></p>\n";
  }
  out += check_table("CIS Docker Benchmark, section 5, and beyond it", judgement.items);
  out += check_table("Pod Security Standards", judgement.pod_security);
  return out + process_table(container) + "</section>\n";
}

// Items down, containers across; the names lead to each.
std::string side_by_side(const std::vector<Judgement>& judgements) {
  std::string out =
      "<section>\n<h2>Side by side</h2>\n<div class=\"scroll\"><table><thead><tr>"
      "<th>Item</th><th>Subject</th>";
  for (std::size_t at = 0; at < judgements.size(); ++at) {
    out += "<th><a href=\"#" + anchor(at) + "\">" + escaped(short_name(judgements[at].container)) +
           "</a></th>";
  }
  out += "</tr></thead><tbody>\n";
  for (std::size_t item = 0; item < judgements.front().items.size(); ++item) {
    const Judged& first = judgements.front().items[item];
    out += "<tr><td>" + escaped(first.id) + "</td><td>" + escaped(first.title) + "</td>";
    for (const Judgement& judgement : judgements) {
      out += "<td>" + badge(judgement.items[item].verdict) + "</td>";
    }
    out += "</tr>\n";
  }
  out += "<tr><td></td><td>Pod Security level</td>";
  for (const Judgement& judgement : judgements) out += "<td>" + escaped(judgement.level) + "</td>";
  return out + "</tr>\n</tbody></table></div>\n</section>\n";
}

}  // namespace

std::string verdict_html(const std::vector<Judgement>& judgements, const VerdictStyle& style) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>hardened verify: " +
      escaped(style.host) + "</title>\n<style>" + std::string(kStyle) +
      "</style>\n</head>\n<body>\n<header>\n<h1>Containers on " + escaped(style.host) +
      "</h1>\n<p class=\"dim\">Judged from the kernel by <code>hardened verify</code>" +
      (style.time.empty() ? "" : ", " + escaped(style.time)) + "</p>\n</header>\n";
  if (judgements.empty()) out += "<section><p>No container runs here.</p></section>\n";
  if (judgements.size() > 1) out += side_by_side(judgements);
  for (std::size_t at = 0; at < judgements.size(); ++at) {
    out += container_section(judgements[at], at);
  }
  return out + "</body>\n</html>\n";
}

}  // namespace hardened::judging
