// The human report: what a person reads in the terminal.
#include "app/report_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/rate_graph.h"
#include "app/report_facts.h"
#include "app/text_layout.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr int kIndent = 4, kLead = 8;  // "    when    02:15 …"
constexpr std::size_t kShownWhole = 8, kShownShort = 40, kMostFiles = 6;

// State by shape and word; the colour only repeats it.
struct Mark {
  std::string_view sign;
  Ink ink;
};
Mark mark_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return {"■", Ink::red_bold};
    case Severity::high: return {"▲", Ink::red_bold};
    case Severity::medium: return {"●", Ink::yellow_bold};
    case Severity::low: return {"○", Ink::cyan_bold};
    case Severity::info: break;
  }
  return {"·", Ink::dim};
}
Mark mark_of(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return {"■", Ink::red_reverse};
    case Standing::attacked: return {"▲", Ink::red_bold};
    case Standing::guessed:
    case Standing::scanned: return {"●", Ink::yellow_bold};
    case Standing::noted: return {"○", Ink::cyan_bold};
    case Standing::quiet: break;
  }
  return {"✓", Ink::green_bold};
}

std::string upper(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string clause(std::string_view text) { return escape_hostile(text, 1000); }

void graph(TextPage& page, const Incident& incident) {
  const int margin = 14;  // the axis labels
  const int columns = std::min(page.style().width - kIndent - margin - 2, 66);
  const auto rates = rate_columns(incident, static_cast<std::size_t>(std::max(columns, 8)));
  if (rates.pps.empty()) return;
  const auto rows = draw_blocks(rates.pps, rates.max_pps, 4, page.style().utf8);
  const std::string top = format_rate_pps(rates.max_pps);
  const std::string pad(kIndent, ' ');
  page.blank();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    page.line({{fmt::format("{}{:>12} {}", pad, row == 0 ? top : "", row == 0 ? "┤" : "│"), Ink::dim}, {rows[row]}});
  }
  std::string axis = "└";
  for (int i = 0; i < columns; ++i) axis += "─";
  page.line({{fmt::format("{}{:>12} {}", pad, "0", axis), Ink::dim}});
  const std::string from = format_clock(rates.from), to = format_clock(rates.to);
  const std::string scale = fmt::format("one column: {}", format_duration((rates.to - rates.from) / columns));
  const int room = columns - static_cast<int>(from.size() + to.size() + scale.size());
  const int before = std::max(room / 2, 1), after = std::max(room - before, 1);
  std::string below = from;
  if (room >= 2)
    below += std::string(static_cast<std::size_t>(before), ' ') + scale + std::string(static_cast<std::size_t>(after), ' ') + to;
  else
    below += " … " + to + ", " + scale;
  page.line({{fmt::format("{}{:>12}  {}", pad, "", below), Ink::dim}});
  page.blank();
}

void mix(TextPage& page, const Incident& incident) {
  if (incident.labels.size() < 2) return;
  bool first = true;
  for (const auto& share : incident.labels) {
    const Label* label = find_label(share.label);
    const std::string name = label ? std::string{label->title} : escape_hostile(share.label, 64);
    page.entry(kIndent, kLead, first ? "mix" : "", Ink::dim,
               fmt::format("{:>4.0f} % {} {}", share.share * 100, draw_bar(share.share, 20, page.style().utf8), name));
    first = false;
  }
}

void incident_block(TextPage& page, const Incident& i, unsigned number) {
  const Mark mark = mark_of(i.severity);
  const bool taking_part = standing_of(i) == Standing::taking_part;
  const std::string title = directed_title(i);
  page.line({{number ? fmt::format("{:>2} ", number) : " ", Ink::bold},
             {fmt::format("{} {}", mark.sign, upper(to_string(i.severity))), mark.ink},
             {"  "},
             {title, Ink::bold},
             {taking_part ? "  TAKES PART" : "", Ink::red_bold}},
            {short_id(i), Ink::dim});
  if (!i.headline.empty()) page.entry(kIndent, 0, "", Ink::none, clause(i.headline));
  const auto fact = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) page.entry(kIndent, kLead, name, Ink::dim, text);
  };
  fact("when", when_text(i));
  fact("size", size_text(i));
  fact(i.direction == Direction::egress ? "from" : "target", target_text(i));
  fact("who", who_text(i));
  if (i.process) fact("process", process_text(*i.process));
  mix(page, i);
  if (!i.modifiers.empty()) {
    std::string all;
    for (const auto modifier : i.modifiers) all += fmt::format("{}{}", all.empty() ? "" : ", ", escape_hostile(modifier, 64));
    std::replace(all.begin(), all.end(), '_', ' ');
    fact("shape", all);
  }
  graph(page, i);
  bool first = true;
  for (const auto& text : i.evidence) page.entry(kIndent, kLead, first ? "why" : "", Ink::dim, "+ " + clause(text)), first = false;
  first = true;
  for (const auto& text : i.counter_evidence) page.entry(kIndent, kLead, first ? "but" : "", Ink::dim, "− " + clause(text)), first = false;
  fact("sure", sure_text(i));
  fact("seen", seen_text(i));
  std::string techniques;
  for (const auto& technique : i.techniques) techniques += (techniques.empty() ? "" : " ") + escape_hostile(technique, 32);
  fact("ATT&CK", techniques);
  if (!i.evidence_path.empty()) fact("packets", clause(i.evidence_path));
  page.entry(kIndent, kLead, "do", Ink::bold, advice_of(i), Ink::bold);
  page.blank();
}

void short_lines(TextPage& page, const std::vector<const Incident*>& incidents, unsigned number) {
  if (incidents.empty()) return;
  page.line({{fmt::format("{} smaller {}", incidents.size(), incidents.size() == 1 ? "incident" : "incidents"), Ink::bold},
             {" (--all shows them whole)", Ink::dim}});
  std::size_t shown = 0;
  for (const auto* i : incidents) {
    if (shown++ == kShownShort) break;
    const Mark mark = mark_of(i->severity);
    page.entry(0, 5, fmt::format("{:>2} {}", number++, mark.sign), mark.ink,
               fmt::format("{} {} {} {} {}: {} packets, {} {}", to_string(i->severity), format_clock(i->started), directed_title(*i),
                           i->direction == Direction::egress ? "from" : "on", subject_name(*i), format_count(i->packets),
                           format_count(i->distinct_peers), i->distinct_peers == 1 ? "peer" : "peers"));
  }
  if (incidents.size() > kShownShort)
    page.entry(5, 0, "", Ink::none, fmt::format("and {} more; --json lists all", incidents.size() - kShownShort), Ink::dim);
  page.blank();
}

void background(TextPage& page, const Analysis& analysis) {
  const Background& b = analysis.background;
  const auto facts = background_facts(analysis);
  const std::string sentence = background_sentence(b);
  if (facts.empty() && sentence.empty()) return;
  page.rule("scan background and traffic");
  if (!sentence.empty()) page.entry(0, 0, "", Ink::none, sentence);
  std::uint64_t most = 0;
  for (const auto& port : b.top_ports) most = std::max(most, port.syns);
  for (std::size_t n = 0; n < b.top_ports.size() && n < 6; ++n) {
    const auto& port = b.top_ports[n];
    page.line({{fmt::format("{:>9} ", port.port)},
               {fmt::format("{:>6} ", percent(double(port.syns), double(b.syns))), Ink::dim},
               {draw_bar(double(port.syns) / double(std::max<std::uint64_t>(most, 1)), 30, page.style().utf8), Ink::none},
               {fmt::format(" {}", format_count(port.syns)), Ink::dim}});
  }
  for (const auto& [name, value] : facts) page.entry(2, 16, name, Ink::dim, value);
  const auto mix_line = [&](std::string_view name, const ClassCounts& counts) {
    std::string text;
    for (const auto& share : class_shares(counts, 5))
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", share.name, percent(share.share, 1));
    if (!text.empty()) page.entry(2, 16, name, Ink::dim, text);
  };
  mix_line("inbound mix", b.ingress);
  mix_line("outbound mix", b.egress);
  page.blank();
}

void what_was_read(TextPage& page, const Analysis& analysis) {
  const Input& input = analysis.input;
  page.rule("what was read");
  const auto fact = [&](std::string_view name, std::string_view text, Ink ink = Ink::none) {
    if (!text.empty()) page.entry(2, 10, name, Ink::dim, text, ink);
  };
  for (std::size_t n = 0; n < input.files.size() && n < kMostFiles; ++n) {
    const auto& file = input.files[n];
    fact(n == 0 ? (input.files.size() == 1 ? "file" : "files") : "",
         fmt::format("{}: {} packets, {}, {}", file.file == "-" ? "standard input" : escape_hostile(file.file, 1000),
                     format_count(file.packets), format_bytes(file.bytes), escape_hostile(file.format, 200)));
  }
  if (input.files.size() > kMostFiles)
    fact("", fmt::format("and {} more files; together {} packets, {}", input.files.size() - kMostFiles, format_count(input.packets),
                         format_bytes(input.bytes)));
  fact("time", input_span_text(input));
  fact("local", local_text(analysis.local));
  for (std::size_t n = 0; n < input.damage.size() && n < kMostFiles; ++n)
    fact(n == 0 ? "damage" : "", damage_text(input.damage[n]), Ink::yellow_bold);
  if (input.damage.size() > kMostFiles)
    fact("", fmt::format("and {} more damaged files", input.damage.size() - kMostFiles), Ink::yellow_bold);
  for (std::size_t n = 0; n < input.skipped.size() && n < kMostFiles; ++n)
    fact(n == 0 ? "skipped" : "", escape_hostile(input.skipped[n], 1000));
  if (input.skipped.size() > kMostFiles) fact("", fmt::format("and {} more", input.skipped.size() - kMostFiles));
  fact("packets", malformed_text(input));
  fact("order", time_trouble_text(input));
  const std::string speed = speed_text(analysis);
  fact("work", analysis.interrupted ? "interrupted: this report covers what was read so far" + (speed.empty() ? "" : "; " + speed) : speed,
       analysis.interrupted ? Ink::yellow_bold : Ink::none);
}

}  // namespace

std::string text_report(const Analysis& analysis, const TextStyle& style, bool every_incident) {
  TextPage page{style};
  const Verdict verdict = judge(analysis);
  const Mark mark = mark_of(verdict.standing);
  const std::string lead = fmt::format("{} {}", mark.sign, verdict.word);
  page.entry(0, std::min(display_width(page.shown(lead)) + 2, style.width / 3), lead, mark.ink, verdict.sentence, Ink::bold);
  if (!verdict.also.empty()) page.entry(2, 0, "", Ink::none, verdict.also);
  if (analysis.interrupted) page.entry(2, 0, "", Ink::none, "Interrupted: this is what was read so far.", Ink::yellow_bold);
  if (!analysis.input.damage.empty())
    page.entry(2, 0, "", Ink::none, "Part of the input is damaged and could not be read; see below.", Ink::yellow_bold);
  page.blank();

  const auto ordered = in_order_of_weight(analysis.incidents);
  std::vector<const Incident*> whole, shortened;
  for (const auto* incident : ordered)
    (every_incident || whole.size() < kShownWhole || incident->severity >= Severity::medium ? whole : shortened).push_back(incident);
  unsigned number = 0;
  for (const auto* incident : whole) incident_block(page, *incident, ++number);
  short_lines(page, shortened, number + 1);
  background(page, analysis);
  what_was_read(page, analysis);
  return page.take();
}

std::string text_incident(const Incident& incident, const TextStyle& style, unsigned number) {
  TextPage page{style};
  incident_block(page, incident, number);
  return page.take();
}

}  // namespace sekisho
