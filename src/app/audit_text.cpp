// The audit's report as a person reads it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/audit_report.h"
#include "app/text_layout.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr int kIndent = 4, kLead = 10;
constexpr std::size_t kShownEvidence = 6;

struct Mark {
  std::string_view sign;
  Ink ink;
};
Mark mark_of(AuditState state) {
  switch (state) {
    case AuditState::critical: return {"■", Ink::red_bold};
    case AuditState::high: return {"▲", Ink::red_bold};
    case AuditState::medium: return {"●", Ink::yellow_bold};
    case AuditState::low: return {"○", Ink::cyan_bold};
    case AuditState::unknown: return {"?", Ink::dim};
    case AuditState::ok: break;
  }
  return {"✓", Ink::green_bold};
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

void heading(TextPage& page, const AuditReport& report) {
  std::array<std::size_t, 6> counts{};
  for (const auto& f : report.findings) ++counts[static_cast<std::size_t>(f.state)];
  std::vector<TextPart> left{{"host audit ", Ink::none}, {report.host, Ink::bold}};
  if (report.root != "/") left.push_back({fmt::format("  (in {})", escape_hostile(report.root)), Ink::none});
  left.push_back({fmt::format("  {}  {} checks", format_duration(report.duration), report.findings.size()), Ink::dim});
  page.line(left);
  std::vector<TextPart> sums{{" ", Ink::none}};
  for (const auto state :
       {AuditState::critical, AuditState::high, AuditState::medium, AuditState::low, AuditState::unknown, AuditState::ok}) {
    const auto n = counts[static_cast<std::size_t>(state)];
    if (n == 0 && state != AuditState::ok) continue;
    const auto mark = mark_of(state);
    sums.push_back({fmt::format("{} {} {}", mark.sign, n, state == AuditState::ok ? "pass" : to_string(state)), mark.ink});
    sums.push_back({"   ", Ink::none});
  }
  page.line(sums);
}

// Commands, one a line, are never wrapped: they are there to be pasted.
void commands(TextPage& page, std::string_view name, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    page.line({{std::string(kIndent, ' ') + fmt::format("{:<{}}", name, kLead), Ink::dim}, {std::string{text.substr(0, end)}, Ink::none}});
    text.remove_prefix(std::min(end + 1, text.size()));
    name = "";
  }
}

void finding(TextPage& page, const AuditFinding& f, std::string_view change, const AuditView& view) {
  const auto mark = mark_of(f.state);
  page.entry(1, 3, mark.sign, mark.ink,
             fmt::format("{}{}  {}", upper(to_string(f.state)), change.empty() ? "" : fmt::format(" ({})", change), f.title), Ink::bold);
  const bool whole = view.verbose || f.state >= AuditState::medium;
  for (std::size_t i = 0; i < f.evidence.size(); ++i) {
    if (!view.verbose && i == kShownEvidence) {
      page.entry(kIndent, kLead, "", Ink::dim, fmt::format("… {} more: --verbose", f.evidence.size() - i));
      break;
    }
    page.entry(kIndent, kLead, i == 0 ? "evidence" : "", Ink::dim, f.evidence[i]);
  }
  if (whole && !f.why.empty()) page.entry(kIndent, kLead, "why", Ink::dim, f.why);
  commands(page, "fix", f.fix);
  if (whole) commands(page, "undo", f.undo);
}

}  // namespace

std::string audit_text(const AuditReport& report, const AuditHistory& history, const AuditView& view, TextStyle style) {
  TextPage page{style};
  heading(page, report);
  const bool infected = std::any_of(report.findings.begin(), report.findings.end(),
                                    [](const AuditFinding& f) { return f.infection && f.state >= AuditState::high; });
  if (infected) {
    page.blank();
    page.entry(
        0, 3, "■", Ink::red_reverse,
        "THIS HOST SHOWS TRACES OF A BOT. Isolate it, keep it powered for forensics, and treat it as untrusted until it is re-imaged "
        "from a known-good snapshot. Do not just kill the process.",
        Ink::red_bold);
  }
  std::vector<const AuditFinding*> unknown, good;
  for (const auto& f : report.findings) {
    const auto known = history.changes.find(audit_id(f));
    const auto change = known == history.changes.end() ? AuditChange::same : known->second;
    if (view.since_last && change == AuditChange::same) continue;
    if (f.state == AuditState::ok || (f.state == AuditState::unknown && f.fix.empty() && !view.verbose)) {
      (f.state == AuditState::ok ? good : unknown).push_back(&f);
      continue;
    }
    page.blank();
    finding(page, f, change == AuditChange::same ? "" : to_string(change), view);
  }
  if (!unknown.empty()) {
    page.blank();
    for (const auto* f : unknown) page.entry(1, 3, "?", Ink::dim, fmt::format("{}: {}", f->check, f->title));
  }
  if (view.verbose && !good.empty()) {
    page.blank();
    for (const auto* f : good) {
      page.entry(1, 3, "✓", Ink::green_bold, f->title);
      for (const auto& e : f->evidence) page.entry(kIndent, 0, "", Ink::dim, e);
    }
  }
  if (history.since) {
    page.blank();
    const auto changed =
        std::count_if(history.changes.begin(), history.changes.end(), [](const auto& c) { return c.second != AuditChange::same; });
    page.entry(0, 0, "", Ink::none,
               changed == 0 && history.gone.empty()
                   ? fmt::format("Nothing changed since the last audit ({} UTC).", format_datetime(*history.since))
                   : fmt::format("Since the last audit ({} UTC): {} new or changed, {} gone.", format_datetime(*history.since), changed,
                                 history.gone.size()));
    for (const auto& gone : history.gone)
      page.entry(1, 3, "✓", Ink::green_bold, fmt::format("gone: {} (was {})", gone.title, to_string(gone.state)));
  }
  for (const auto& limit : report.limits) page.entry(0, 2, "!", Ink::yellow_bold, fmt::format("Not all was looked at: {}.", limit));
  if (!report.as_root && report.root == "/")
    page.entry(0, 2, "!", Ink::yellow_bold, "Not run as root: other users' processes, sockets and files are hidden. sudo sekisho audit");
  return page.take();
}

}  // namespace sekisho
