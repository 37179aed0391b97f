// The page: verdict, incidents, background, input.
#include "app/report_html.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report_facts.h"
#include "app/verdict.h"
#include "base/html.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMostIncidents = 200, kMostFiles = 200;

std::string upper_first(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string_view tone_of(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return "t-critical taking";
    case Standing::attacked: return "t-critical";
    case Standing::guessed:
    case Standing::scanned: return "t-medium";
    case Standing::noted: return "t-low";
    case Standing::quiet: break;
  }
  return "t-good";
}

// "<0.1 %" has a sign of HTML in it.
std::string html_percent(double part, double whole) { return html_text(percent(part, whole)); }

std::string badge(Severity severity) { return fmt::format(R"(<span class="sev t-{0}">{0}</span>)", to_string(severity)); }

std::string verdict_card(const Analysis& analysis, const Verdict& verdict) {
  std::string out = fmt::format(R"(<section class="card verdict {}" aria-label="Verdict"><span class="word">{}</span><h1>{}</h1>)",
                                tone_of(verdict.standing), verdict.word, html_text(verdict.sentence));
  if (!verdict.also.empty()) out += fmt::format("<p>{}</p>", html_text(verdict.also));
  if (analysis.interrupted) out += R"(<p><strong>Interrupted:</strong> this page covers what was read so far.</p>)";
  if (!analysis.input.damage.empty())
    out += R"(<p><strong>Part of the input is damaged</strong> and could not be read: see <a href="#input">the input</a>.</p>)";
  return out + "</section>\n";
}

std::string tiles(const Analysis& analysis) {
  const Input& input = analysis.input;
  const DurationNs length = input.first && input.last ? *input.last - *input.first : 0;
  const auto tile = [](std::string_view name, const std::string& value) {
    return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, value);
  };
  return R"(<dl class="tiles">)" + tile("incidents", format_count(analysis.incidents.size())) +
         tile("packets", format_count(input.packets)) + tile("bytes", format_bytes(input.bytes)) +
         tile("duration", format_duration(length)) + tile("scan sources", format_count(analysis.background.sources)) + "</dl>\n";
}

std::string contents(const std::vector<const Incident*>& incidents) {
  if (incidents.size() < 2) return {};
  std::string out = R"(<nav class="card" aria-label="Incidents"><ol>)";
  for (std::size_t n = 0; n < incidents.size(); ++n) {
    const auto& i = *incidents[n];
    out += fmt::format(
        R"(<li><a href="#incident-{}"><span>{}</span><span class="name">{} {} {}</span><span class="num">{} · {}</span></a></li>)", n + 1,
        badge(i.severity), html_text(upper_first(directed_title(i))), i.direction == Direction::egress ? "from" : "on",
        html_text(subject_name(i)), format_clock(i.started), format_rate_pps(i.peak_pps));
  }
  return out + "</ol></nav>\n";
}

template <class Texts>
std::string list(std::string_view css_class, const Texts& texts) {
  std::string out = fmt::format(R"(<ul class="plain {}">)", css_class);
  for (const auto& text : texts) out += fmt::format("<li>{}</li>", html_text(text));
  return out + "</ul>";
}

std::string ports_table(std::string_view title, const std::vector<PortFact>& ports) {
  if (ports.empty() || (ports.size() == 1 && ports[0].port == 0)) return {};
  std::uint64_t all = 0;
  for (const auto& port : ports) all += port.packets;
  std::string out = fmt::format(
      R"(<div><h3>{}</h3><table><thead><tr><th scope="col">port</th><th scope="col" class="n">packets</th><th scope="col" class="n">share</th><th></th></tr></thead><tbody>)",
      title);
  for (std::size_t n = 0; n < ports.size() && n < 10; ++n)
    out += fmt::format(R"(<tr><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="b">{}</td></tr>)",
                       ports[n].port ? std::to_string(ports[n].port) : std::string{"none"}, format_count(ports[n].packets),
                       html_percent(double(ports[n].packets), double(all)),
                       html_bar(double(ports[n].packets) / double(std::max<std::uint64_t>(all, 1))));
  return out + "</tbody></table></div>";
}

std::string peers_table(const Incident& i) {
  if (i.top_peers.empty()) return {};
  const double largest = double(std::max<std::uint64_t>(i.top_peers.front().packets, 1));
  std::string out = fmt::format(
      R"(<div><h3>{}</h3><table class="peers"><thead><tr><th scope="col">address</th><th scope="col" class="n">packets</th><th scope="col" class="n">share</th><th class="b"></th></tr></thead><tbody>)",
      i.kind == Kind::c2                 ? "Servers"
      : i.direction == Direction::egress ? "Top targets"
                                         : "Top sources");
  for (std::size_t n = 0; n < i.top_peers.size() && n < 10; ++n)
    out += fmt::format(R"(<tr><td><code>{}</code></td><td class="n">{}</td><td class="n">{}</td><td class="b">{}</td></tr>)",
                       peer_text(i.top_peers[n]), format_count(i.top_peers[n].packets),
                       html_percent(double(i.top_peers[n].packets), double(i.packets)), html_bar(double(i.top_peers[n].packets) / largest));
  return out + "</tbody></table></div>";
}

std::string labels_table(const Incident& i) {
  if (i.labels.size() < 2) return {};
  std::string out =
      R"(<div><h3>Made of</h3><table><thead><tr><th scope="col">label</th><th scope="col" class="n">share</th><th></th></tr></thead><tbody>)";
  for (const auto& share : i.labels) {
    const Label* label = find_label(share.label);
    out += fmt::format(R"(<tr><td>{}</td><td class="n">{:.0f} %</td><td class="b">{}</td></tr>)",
                       html_text(label ? label->title : share.label), share.share * 100, html_bar(share.share, "tone"));
  }
  return out + "</tbody></table></div>";
}

std::string technique_tags(const Incident& i) {
  std::string out = R"(<ul class="tags">)";
  for (const auto& id : i.techniques) {
    // "T1498.002" -> https://attack.mitre.org/techniques/T1498/002/; anything else is shown without a link.
    const bool usual = id.size() >= 5 && id[0] == 'T' && id.find_first_not_of("0123456789.", 1) == std::string::npos;
    std::string path = id;
    std::replace(path.begin(), path.end(), '.', '/');
    out += usual ? fmt::format(R"(<li><a href="https://attack.mitre.org/techniques/{}/" rel="noreferrer">{}</a></li>)", path, id)
                 : fmt::format("<li>{}</li>", html_text(id));
  }
  return out + "</ul>";
}

std::string incident_card(const Incident& i, std::size_t number) {
  std::string out = fmt::format(R"(<article class="card incident t-{}" id="incident-{}"><header>{}<h2>{}{}</h2><code>{}</code></header>)",
                                to_string(i.severity), number, badge(i.severity), html_text(upper_first(directed_title(i))),
                                standing_of(i) == Standing::taking_part ? ": this host takes part" : "", html_text(short_id(i)));
  if (!i.headline.empty()) out += fmt::format(R"(<p class="headline">{}</p>)", html_text(i.headline));
  out += fmt::format(R"(<div class="do"><b>What to do</b>{}</div>)", html_text(advice_of(i)));
  out += html_rate_plot(i);
  const auto fact = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>", name, value);
  };
  out += R"(<dl class="facts">)";
  fact("when", html_text(when_text(i)));
  fact("size", html_text(size_text(i)));
  fact(i.direction == Direction::egress ? "from" : "target", html_text(target_text(i)));
  fact("who", html_text(who_text(i)));
  if (i.process) fact("process", html_text(process_text(*i.process)));
  if (!i.modifiers.empty()) {
    std::string shape;
    for (const auto modifier : i.modifiers) shape += fmt::format("{}{}", shape.empty() ? "" : ", ", modifier);
    std::replace(shape.begin(), shape.end(), '_', ' ');
    fact("shape", html_text(shape));
  }
  fact("certainty", html_text(sure_text(i)));
  if (i.capture) fact("seen", html_text(seen_text(i)));
  if (!i.evidence_path.empty()) fact("packets", fmt::format("<code>{}</code>", html_text(i.evidence_path)));
  if (!i.techniques.empty()) fact("ATT&amp;CK", technique_tags(i));
  out += "</dl>";
  out += R"(<div class="pair"><div><h3>Why</h3>)" + list("why", i.evidence) + "</div>";
  out += R"(<div><h3>What speaks against it</h3>)" +
         (i.counter_evidence.empty() ? std::string{"<p>Nothing was found.</p>"} : list("but", i.counter_evidence)) + "</div></div>";
  out += R"(<div class="pair">)" + labels_table(i) + peers_table(i) + ports_table("Local ports", i.local_ports) +
         ports_table("Remote ports", i.remote_ports) + "</div>";
  out += fmt::format("<details><summary>In one paragraph</summary><p>{}</p></details></article>\n", html_text(explanation(i)));
  return out;
}

std::string classes_table(std::string_view title, const ClassCounts& counts) {
  const auto shares = class_shares(counts, 12);
  if (shares.empty()) return {};
  std::string out = fmt::format(
      R"(<div><h3>{}</h3><table><thead><tr><th scope="col">class</th><th scope="col" class="n">packets</th><th scope="col" class="n">share</th><th></th></tr></thead><tbody>)",
      title);
  for (const auto& share : shares)
    out += fmt::format(R"(<tr><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="b">{}</td></tr>)", html_text(share.name),
                       format_count(share.packets), html_percent(share.share, 1), html_bar(share.share));
  return out + "</tbody></table></div>";
}

std::string background_card(const Analysis& analysis) {
  const auto facts = background_facts(analysis);
  const std::string sentence = background_sentence(analysis.background);
  if (facts.empty() && sentence.empty()) return {};
  std::string out = R"(<section class="card" id="background"><h2>Scan background and traffic</h2>)";
  if (!sentence.empty()) out += fmt::format("<p>{}</p>", html_text(sentence));
  out += R"(<dl class="facts">)";
  for (const auto& [name, value] : facts) out += fmt::format("<dt>{}</dt><dd>{}</dd>", html_text(name), html_text(value));
  out += R"(</dl><div class="pair">)";
  std::vector<PortFact> ports;
  for (const auto& port : analysis.background.top_ports) ports.push_back({port.port, port.syns});
  out += ports_table("Probed ports", ports) + classes_table("Inbound by class", analysis.background.ingress) +
         classes_table("Outbound by class", analysis.background.egress);
  return out + "</div></section>\n";
}

std::string input_card(const Analysis& analysis) {
  const Input& input = analysis.input;
  std::string out = R"(<section class="card" id="input"><h2>What was read</h2><dl class="facts">)";
  const auto fact = [&](std::string_view name, const std::string& value, bool warn = false) {
    if (!value.empty()) out += fmt::format("<dt>{}</dt><dd{}>{}</dd>", name, warn ? R"( class="warn")" : "", html_text(value));
  };
  fact("time", input_span_text(input));
  fact("local side", local_text(analysis.local));
  for (const auto& spot : input.damage) fact("damage", damage_text(spot), true);
  for (std::size_t n = 0; n < input.skipped.size() && n < kMostFiles; ++n) fact("skipped", input.skipped[n]);
  fact("packets", malformed_text(input));
  fact("order", time_trouble_text(input));
  fact("work", speed_text(analysis));
  out +=
      R"(</dl><h3>Files</h3><table><thead><tr><th scope="col">file</th><th scope="col" class="n">packets</th><th scope="col" class="n">bytes</th></tr></thead><tbody>)";
  for (std::size_t n = 0; n < input.files.size() && n < kMostFiles; ++n) {
    const auto& file = input.files[n];
    out += fmt::format(R"(<tr><td>{}<br><small>{}</small></td><td class="n">{}</td><td class="n">{}</td></tr>)",
                       file.file == "-" ? "standard input" : html_text(file.file), html_text(file.format), format_count(file.packets),
                       format_bytes(file.bytes));
  }
  out += "</tbody></table>";
  if (input.files.size() > kMostFiles) out += fmt::format("<p>and {} more files</p>", input.files.size() - kMostFiles);
  return out + "</section>\n";
}

}  // namespace

std::string html_text(std::string_view hostile) { return html_escaped(escape_hostile(hostile, 8192)); }

std::string html_report(const Analysis& analysis) {
  const Verdict verdict = judge(analysis);
  auto ordered = in_order_of_weight(analysis.incidents);
  const std::size_t left_out = ordered.size() > kMostIncidents ? ordered.size() - kMostIncidents : 0;
  ordered.resize(ordered.size() - left_out);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
      "'none'\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">\n";
  out += fmt::format("<title>Sekisho: {}</title><style>{}</style></head><body>\n", html_text(verdict.word + ": " + verdict.sentence),
                     html_style());
  out += fmt::format(R"(<header class="top"><span class="seal" aria-hidden="true"></span><b>Sekisho</b><span>{}</span></header><main>)",
                     html_text(input_span_text(analysis.input)));
  out += verdict_card(analysis, verdict) + tiles(analysis) + contents(ordered);
  for (std::size_t n = 0; n < ordered.size(); ++n) out += incident_card(*ordered[n], n + 1);
  if (left_out) out += fmt::format(R"(<p class="card">{} smaller incidents are left out of this page; --json has them all.</p>)", left_out);
  out += background_card(analysis) + input_card(analysis);
  out += fmt::format(
      "</main><footer>Made by sekisho {} analyze. Times are UTC; rates are the largest of a one-second window.</footer></body></html>\n",
      html_text(analysis.version));
  return out;
}

}  // namespace sekisho
