// The layout. All text of others is escaped before it is drawn, and cut to its column.
#include "app/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "app/incident_line.h"
#include "app/json_parts.h"
#include "app/rate_graph.h"
#include "app/time_words.h"
#include "app/verdict.h"
#include "base/text.h"

namespace sekisho {
namespace {

using nlohmann::json;

// As much as fits, with a sign that something is missing.
std::string cut(const std::string& text, int width, bool utf8) {
  if (width <= 0) return {};
  if (display_width(text) <= width) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = at + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80) ++next;
    const auto piece = text.substr(at, next - at);
    if (display_width(out) + display_width(piece) > width - 1) break;
    out += piece;
    at = next;
  }
  return out + (utf8 ? "…" : ">");
}
std::string padded(const std::string& text, int width, bool utf8) {
  auto out = cut(text, width, utf8);
  return out + std::string(static_cast<std::size_t>(std::max(0, width - display_width(out))), ' ');
}

// Of a line with colours in it.
int visible_width(std::string_view line) {
  std::string text;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\x1b')
      at = std::min(line.find('m', at), line.size());
    else
      text += line[at];
  }
  return display_width(text);
}

Ink ink_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return Ink::red_reverse;
    case Severity::high: return Ink::red_bold;
    case Severity::medium: return Ink::yellow_bold;
    case Severity::low: return Ink::cyan_bold;
    case Severity::info: break;
  }
  return Ink::dim;
}

struct Word {
  std::string_view text;
  Ink ink;
};
Word word_of(Standing standing) {
  switch (standing) {
    case Standing::taking_part: return {"■ THIS SERVER IS TAKING PART IN AN ATTACK", Ink::red_reverse};
    case Standing::attacked: return {"▲ UNDER ATTACK", Ink::red_bold};
    case Standing::guessed: return {"▲ Logins are being guessed", Ink::yellow_bold};
    case Standing::scanned: return {"● Scanned, not attacked", Ink::cyan_bold};
    default: return {"● Worth a look", Ink::cyan_bold};
  }
}

// Smaller is worse. Taking part outranks everything, as in every report.
std::tuple<bool, int> weight_of(const Incident& i) { return {standing_of(i) != Standing::taking_part, -static_cast<int>(i.severity)}; }

// "2m21s" between two RFC 3339 times; empty when they cannot be read.
std::string lasted(const std::string& from, const std::string& to) {
  const auto began = parse_rfc3339(from), ended = parse_rfc3339(to);
  if (!began || !ended || *ended < *began) return {};
  const auto n = (*ended - *began) / kSecond;
  if (n >= 86'400) return fmt::format("{}d{:02}h", n / 86'400, n % 86'400 / 3600);
  if (n >= 3600) return fmt::format("{}h{:02}m", n / 3600, n % 3600 / 60);
  return n >= 60 ? fmt::format("{}m{:02}s", n / 60, n % 60) : fmt::format("{}s", n);
}

void keep(std::deque<double>& values, double value) {
  values.push_back(value);
  if (values.size() > 240) values.pop_front();
}

}  // namespace

void TopScreen::on_snapshot(const json& data) {
  status_ = part_of(data, "status");
  open_.clear();
  if (const auto list = part_of(data, "incidents"); list.is_array())
    for (const auto& incident : list) open_[text_of(incident, "id")] = incident;
}

void TopScreen::on_incident(const json& data) {
  const auto incident = part_of(data, "incident");
  const auto id = text_of(incident, "id");
  if (part_of(incident, "ended").is_string())
    open_.erase(id);
  else if (open_.size() < 1024 || open_.contains(id))
    open_[id] = incident;
}

void TopScreen::on_second(const json& data) {
  second_ = data;
  for (std::size_t d = 0; d < 2; ++d) {
    const auto side = part_of(data, d ? "egress" : "ingress");
    keep(pps_[d], number_of(side, "pps"));
    keep(bps_[d], number_of(side, "bps"));
  }
}

bool TopScreen::on_key(Key key) {
  if (helping_ && key != Key::none && key != Key::quit) {
    helping_ = false;
    return true;
  }
  const auto order = in_order();
  const auto at = [&] {
    const auto found = std::find_if(order.begin(), order.end(), [&](const json* i) { return text_of(*i, "id") == selected_; });
    return found == order.end() ? std::ptrdiff_t{0} : found - order.begin();
  };
  switch (key) {
    case Key::quit: return false;
    case Key::none: break;
    case Key::pause:
      paused_ = !paused_;
      if (paused_) frozen_ = {status_, second_, open_, pps_, bps_};
      break;
    case Key::help: helping_ = true; break;
    case Key::up:
    case Key::down:
      if (detailed_) {
        scrolled_ = std::max(0, scrolled_ + (key == Key::up ? -1 : 1));
      } else if (!order.empty()) {
        const auto to = std::clamp<std::ptrdiff_t>(at() + (key == Key::up ? -1 : 1), 0, static_cast<std::ptrdiff_t>(order.size()) - 1);
        selected_ = text_of(*order[static_cast<std::size_t>(to)], "id");
      }
      break;
    case Key::enter:
      detailed_ = !order.empty();
      if (detailed_) selected_ = text_of(*order[static_cast<std::size_t>(at())], "id");
      scrolled_ = 0;
      break;
    case Key::back: detailed_ = false; break;
    case Key::sort: sort_ = sort_ == Sort::severity ? Sort::newest : sort_ == Sort::newest ? Sort::size : Sort::severity; break;
    case Key::unit: bits_ = !bits_; break;
  }
  return true;
}

std::vector<const json*> TopScreen::in_order() const {
  std::vector<const json*> order;
  for (const auto& [id, incident] : paused_ ? frozen_.open : open_) order.push_back(&incident);
  std::stable_sort(order.begin(), order.end(), [&](const json* a, const json* b) {
    if (sort_ == Sort::severity) {
      const auto first = weight_of(incident_names(*a)), second = weight_of(incident_names(*b));
      if (first != second) return first < second;
    }
    if (sort_ == Sort::size && number_of(*a, "peak_pps") != number_of(*b, "peak_pps"))
      return number_of(*a, "peak_pps") > number_of(*b, "peak_pps");
    return text_of(*a, "started") > text_of(*b, "started");
  });
  return order;
}

std::string TopScreen::row(const std::vector<TextPart>& parts, int columns) const {
  const TextPage page{style_};
  std::string out;
  int used = 0;
  for (const auto& part : parts) {
    const auto text = cut(page.shown(part.text), columns - used, style_.utf8);
    used += display_width(text);
    out += page.inked(part.ink, text);
  }
  return out;
}

std::string TopScreen::side(std::size_t d, int columns) const {
  const auto side = part_of(paused_ ? frozen_.second : second_, d ? "egress" : "ingress");
  const auto& all = bits_ ? (paused_ ? frozen_.bps : bps_)[d] : (paused_ ? frozen_.pps : pps_)[d];
  const int room = std::clamp(columns - 52, 10, 120);
  std::vector<double> values(static_cast<std::size_t>(room), 0.0);
  const auto count = std::min(values.size(), all.size());
  std::copy(all.end() - static_cast<std::ptrdiff_t>(count), all.end(), values.end() - static_cast<std::ptrdiff_t>(count));
  const double most = *std::max_element(values.begin(), values.end());
  const auto graph = draw_blocks(values, most, 1, style_.utf8);
  const auto pps = format_rate_pps(number_of(side, "pps")), bps = format_rate_bps(number_of(side, "bps"));
  const double normal = number_of(side, "normal_pps"), threshold = number_of(side, "threshold_pps"), now = number_of(side, "pps");
  const Ink ink = threshold > 0 && now > threshold ? Ink::red_bold : Ink::none;
  return row({{d ? "OUT " : "IN  ", Ink::bold},
              {fmt::format("{:>10} {:>10} ", bits_ ? bps : pps, bits_ ? pps : bps), ink},
              {graph.empty() || most <= 0 ? std::string(static_cast<std::size_t>(room), ' ') : graph.front(),
               d ? Ink::yellow_bold : Ink::cyan_bold},
              {normal > 0 ? fmt::format("  normal {}", format_rate_pps(normal)) : std::string{"  nothing learned"}, Ink::dim}},
             columns);
}

std::vector<std::string> TopScreen::head(int columns) const {
  const auto& status = paused_ ? frozen_.status : status_;
  const auto& second = paused_ ? frozen_.second : second_;
  const TextPage page{style_};
  std::vector<std::string> lines;
  const auto capture = part_of(status, "capture");
  std::string interfaces;
  if (const auto names = part_of(capture, "interfaces"); names.is_array())
    for (const auto& name : names)
      if (name.is_string()) interfaces += (interfaces.empty() ? "" : ",") + escape_hostile(name.get<std::string>(), 32);
  const auto left = fmt::format("sekisho top  {}  {}", interfaces, text_of(second, "time").substr(0, 19));
  const std::string keys = paused_ ? "PAUSED  p go on  q quit" : "q quit  ? help  p pause";
  const int gap = columns - display_width(left) - display_width(keys);
  lines.push_back(row(
      {{left, Ink::bold}, {std::string(static_cast<std::size_t>(std::max(gap, 1)), ' ')}, {keys, paused_ ? Ink::yellow_bold : Ink::dim}},
      columns));

  const auto order = in_order();
  if (order.empty()) {
    lines.push_back(row({{"✓ Quiet. Nothing attacks this server, and it attacks nobody.", Ink::green_bold}}, columns));
  } else {
    const json& worst = **std::min_element(order.begin(), order.end(), [](const json* a, const json* b) {
      const auto rank = [](const json* i) { return std::pair{standing_of(incident_names(*i)), weight_of(incident_names(*i))}; };
      return rank(a) < rank(b);
    });
    const Incident names = incident_names(worst);
    const Word word = word_of(standing_of(names));
    const double peak_pps = number_of(worst, "peak_pps");
    lines.push_back(row(
        {{std::string{word.text}, word.ink},
         {fmt::format("  {}, {}, {}", title_of(names), direction_word(names), lasted(text_of(worst, "started"), text_of(second, "time")))},
         {peak_pps > 0 ? fmt::format(", at most {}", format_rate_pps(peak_pps)) : std::string{}}},
        columns));
  }
  lines.push_back(side(0, columns));
  lines.push_back(side(1, columns));
  std::string health;
  if (const auto list = part_of(status, "health"); list.is_array() && !list.empty())
    health = fmt::format("! {}{}", text_of(list[0], "what"),
                         list.size() > 1 ? fmt::format(" (and {} more: sekisho status)", list.size() - 1) : "");
  const double dropped = number_of(second, "dropped");
  const double sampling = number_of(capture, "sampling");
  lines.push_back(row({{fmt::format("lost {:.0f}", dropped), dropped > 0 ? Ink::red_bold : Ink::dim},
                       {sampling > 1 ? fmt::format("  one of {:.0f} packets looked at", sampling) : std::string{}, Ink::dim},
                       {health.empty() ? "" : "  " + health, Ink::yellow_bold}},
                      columns));
  return lines;
}

std::vector<std::string> TopScreen::list(int columns, int rows) const {
  constexpr std::array kSorts{"by severity", "newest first", "largest first"};
  std::vector<std::string> lines;
  const auto order = in_order();
  lines.push_back(row(
      {{fmt::format("INCIDENTS {}  {}  s sorts, arrows and Enter: more", order.size(), kSorts[static_cast<std::size_t>(sort_)]), Ink::dim}},
      columns));
  std::size_t at = 0;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (text_of(*order[i], "id") == selected_) at = i;
  const auto shown = static_cast<std::size_t>(std::max(rows - 1, 1));
  const std::size_t first = at >= shown ? at - shown + 1 : 0;
  for (std::size_t i = first; i < order.size() && lines.size() < static_cast<std::size_t>(rows); ++i) {
    const json& n = *order[i];
    const auto severity = text_of(n, "severity");
    lines.push_back(row({{i == at ? "> " : "  ", Ink::bold},
                         {padded(severity, 9, style_.utf8), ink_of(incident_names(n).severity)},
                         {padded(text_of(n, "direction") == "egress" ? "out" : "in", 4, style_.utf8)},
                         {padded(text_of(n, "label"), std::clamp(columns - 64, 16, 28), style_.utf8), Ink::bold},
                         {fmt::format("{:>9} ", format_rate_pps(number_of(n, "peak_pps")))},
                         {fmt::format("{:>6} ", lasted(text_of(n, "started"), text_of(paused_ ? frozen_.second : second_, "time")))},
                         {padded(text_of(n, "subject"), 15, style_.utf8)},
                         {" " + short_id(incident_names(n)), Ink::dim}},
                        columns));
  }
  if (order.empty()) lines.push_back(row({{"  none is going on", Ink::dim}}, columns));
  return lines;
}

// Of the incident that is selected: who sends or is sent to, and at which ports.
std::vector<std::string> TopScreen::talkers(int columns, int rows) const {
  std::vector<std::string> lines;
  const auto order = in_order();
  if (order.empty()) return lines;
  const auto found = std::find_if(order.begin(), order.end(), [&](const json* i) { return text_of(*i, "id") == selected_; });
  const json& incident = found == order.end() ? *order.front() : **found;
  const auto peers = part_of(incident, "peers");
  lines.push_back(
      row({{fmt::format("TALKERS of {}  {:.0f} address{}{}", text_of(incident, "label"), number_of(peers, "distinct"),
                        number_of(peers, "distinct") == 1 ? "" : "es", part_of(peers, "spoofed") == json(true) ? ", forged" : ""),
            Ink::dim}},
          columns));
  const auto top = part_of(peers, "top");
  double total = 0;
  if (top.is_array())
    for (const auto& peer : top) total += number_of(peer, "packets");
  const int width = std::clamp(columns - 34, 16, 40);
  if (top.is_array())
    for (const auto& peer : top) {
      if (lines.size() + 1 >= static_cast<std::size_t>(rows)) break;
      const double share = total > 0 ? number_of(peer, "packets") / total : 0;
      const auto port = number_of(peer, "port");
      lines.push_back(row({{"  " + padded(text_of(peer, "ip") + (port > 0 ? fmt::format(" :{:.0f}", port) : ""), width, style_.utf8)},
                           {fmt::format("{:>12.0f} ", number_of(peer, "packets"))},
                           {fmt::format("{:>5.1f} % ", share * 100)},
                           {draw_bar(share, 8, style_.utf8), Ink::cyan_bold}},
                          columns));
    }
  std::string ports;
  for (const auto* which : {"local", "remote"}) {
    const auto entries = part_of(part_of(incident, "ports"), which);
    if (!entries.is_array() || entries.empty()) continue;
    ports += fmt::format("{}{} port", ports.empty() ? "" : "   ", std::string_view{which} == "local" ? "here" : "there");
    for (std::size_t i = 0; i < std::min<std::size_t>(entries.size(), 6); ++i)
      ports += fmt::format(" {:.0f}", number_of(entries[i], "port"));
  }
  if (!ports.empty()) lines.push_back(row({{"  " + ports, Ink::dim}}, columns));
  if (const auto process = part_of(incident, "process"); process.is_object())
    lines.push_back(
        row({{fmt::format("  process {:.0f} {}", number_of(process, "pid"), text_of(process, "exe")), Ink::red_bold}}, columns));
  return lines;
}

std::vector<std::string> TopScreen::mix(int columns, int rows) const {
  std::vector<std::string> lines;
  lines.push_back(row({{"TRAFFIC of this second", Ink::dim}}, columns));
  for (std::size_t d = 0; d < 2; ++d) {
    const auto side = part_of(paused_ ? frozen_.second : second_, d ? "egress" : "ingress");
    std::vector<std::pair<double, std::string>> classes;
    double all = 0;
    if (const auto named = part_of(side, "classes"); named.is_object())
      for (const auto& [key, value] : named.items()) {
        classes.emplace_back(number_of(value, bits_ ? "bytes" : "packets"), escape_hostile(key, 40));
        all += classes.back().first;
      }
    std::sort(classes.rbegin(), classes.rend());
    const auto most = static_cast<std::size_t>(std::max(1, (rows - 1) / 2));
    for (std::size_t i = 0; i < std::min(classes.size(), most); ++i) {
      const double share = all > 0 ? classes[i].first / all : 0;
      lines.push_back(row({{d ? "  out " : "  in  ", d ? Ink::yellow_bold : Ink::cyan_bold},
                           {padded(classes[i].second, 20, style_.utf8)},
                           {fmt::format("{:>5.1f} % ", share * 100)},
                           {draw_bar(share, 12, style_.utf8), d ? Ink::yellow_bold : Ink::cyan_bold}},
                          columns));
    }
    if (classes.empty()) lines.push_back(row({{d ? "  out nothing" : "  in  nothing", Ink::dim}}, columns));
  }
  return lines;
}

std::vector<std::string> TopScreen::detail(int columns) const {
  std::vector<std::string> lines;
  const auto& open = paused_ ? frozen_.open : open_;
  const auto found = open.find(selected_);
  if (found == open.end())
    return {row({{"This incident has ended: sekisho show " + selected_ + ". Esc leads back.", Ink::yellow_bold}}, columns)};
  const json& n = found->second;
  const TextPage page{style_};
  const auto add = [&](std::string_view lead, const std::string& text, Ink ink) {
    bool first = true;
    for (const auto& piece : wrap(page.shown(text), columns - 12)) {
      lines.push_back(page.inked(Ink::dim, fmt::format("{:<11} ", first ? lead : "")) + page.inked(ink, piece));
      first = false;
    }
  };
  const auto severity = text_of(n, "severity");
  lines.push_back(row({{fmt::format("{}  {} {} {}", short_id(incident_names(n)), severity, text_of(n, "direction"), text_of(n, "label")),
                        ink_of(incident_names(n).severity)},
                       {"   Esc back", Ink::dim}},
                      columns));
  add("began",
      fmt::format("{} ({} ago)", text_of(n, "started").substr(0, 19),
                  lasted(text_of(n, "started"), text_of(paused_ ? frozen_.second : second_, "time"))),
      Ink::none);
  add("size",
      fmt::format("at most {}, {}; {:.0f} packets", format_rate_pps(number_of(n, "peak_pps")), format_rate_bps(number_of(n, "peak_bps")),
                  number_of(n, "packets")),
      Ink::none);
  add("confidence", fmt::format("{:.0f} of 100", number_of(n, "confidence")), Ink::none);
  if (const auto process = part_of(n, "process"); process.is_object())
    add("process", fmt::format("{:.0f} {} {}", number_of(process, "pid"), text_of(process, "exe"), text_of(process, "command")),
        Ink::red_bold);
  add("why", text_of(n, "explanation"), Ink::none);
  add("do", text_of(n, "advice"), Ink::bold);
  if (const auto path = text_of(n, "evidence"); !path.empty()) add("packets", path, Ink::none);
  return lines;
}

std::vector<std::string> TopScreen::help() const {
  return {"",
          "  q, Ctrl-C    quit",
          "  p, space     pause: what is shown stays, counting goes on",
          "  up, down     choose an incident (k, j)",
          "  Enter        everything about it; Esc leads back",
          "  s            order of incidents: severity, newest, largest",
          "  b            packets or bits first",
          "  ?            this; any key leads back",
          "",
          "  The line IN is red while it is above the learned threshold.",
          "  Everything about an incident, also later: sekisho show ID"};
}

std::string TopScreen::draw(int columns, int rows) const {
  std::vector<std::string> lines;
  if (columns < 60 || rows < 12) {
    lines = {row({{fmt::format("The terminal is too small ({}x{}): 80x24 is needed.", columns, rows)}}, columns)};
  } else {
    lines = head(columns);
    const int left = rows - static_cast<int>(lines.size()) - 1;
    lines.emplace_back();
    if (helping_) {
      for (const auto& text : help()) lines.push_back(row({{text}}, columns));
    } else if (detailed_) {
      auto all = detail(columns);
      const auto most = std::max(0, static_cast<int>(all.size()) - left);
      all.erase(all.begin(), all.begin() + std::min(scrolled_, most));
      lines.insert(lines.end(), all.begin(), all.end());
    } else {
      const int wanted = static_cast<int>(open_.size()) + 2;
      const int listed = std::clamp(wanted, 3, std::max(3, left / 2));
      const auto incidents = list(columns, listed);
      lines.insert(lines.end(), incidents.begin(), incidents.end());
      lines.emplace_back();
      const int below = rows - static_cast<int>(lines.size());
      // Side by side where there is room for both.
      if (columns >= 120 && !open_.empty()) {
        const int half = columns * 3 / 5;
        const auto a = talkers(half - 2, below), b = mix(columns - half, below);
        for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
          const std::string left_side = i < a.size() ? a[i] : std::string{}, right_side = i < b.size() ? b[i] : std::string{};
          lines.push_back(left_side + std::string(static_cast<std::size_t>(std::max(0, half - visible_width(left_side))), ' ') +
                          right_side);
        }
      } else {
        const auto who = talkers(columns, open_.empty() ? 0 : below * 3 / 5);
        lines.insert(lines.end(), who.begin(), who.end());
        const auto what = mix(columns, std::max(3, rows - static_cast<int>(lines.size())));
        lines.insert(lines.end(), what.begin(), what.end());
      }
    }
  }
  lines.resize(static_cast<std::size_t>(std::max(rows, 1)));
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i ? "\n" : "") + lines[i];
  return out;
}

std::string TopScreen::line() const {
  const auto in = part_of(second_, "ingress"), out = part_of(second_, "egress");
  return fmt::format("{}  in {} {}  out {} {}  {} open  {:.0f} lost\n", text_of(second_, "time").substr(0, 19),
                     format_rate_pps(number_of(in, "pps")), format_rate_bps(number_of(in, "bps")), format_rate_pps(number_of(out, "pps")),
                     format_rate_bps(number_of(out, "bps")), open_.size(), number_of(second_, "dropped"));
}

}  // namespace sekisho
