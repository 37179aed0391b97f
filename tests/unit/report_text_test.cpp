// The text report against fixed analyses, the terminal's style, and the small drawing parts.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "app/rate_graph.h"
#include "app/report_text.h"
#include "app/text_layout.h"
#include "app/verdict.h"
#include "sample_analysis.h"

namespace sekisho {
namespace {

TextStyle plain(int width = 80, bool utf8 = true) {
  TextStyle style;
  style.width = width;
  style.utf8 = utf8;
  return style;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

constexpr std::string_view kTakingPart = R"TEXT(■ TAKING PART  192.168.1.20 is taking part in attacks on others: Mirai C2
               registration and outbound UDP flood from fixed sockets
               (udpplain). Isolate it now.

 1 ■ CRITICAL  outbound Mirai C2 registration  TAKES PART        i-20261122-M1C2
    registers as a Mirai bot with id "telnet.arm7"
    when    since 2026-11-22 02:14:07 UTC, no end seen
    size    peak 2.0 pps, 1.0 kb/s; 14 packets, 812 B
    from    192.168.1.20, to port 23
    who     1 server; real addresses (connections were completed):
            198.51.100.33:23
    process pid 4127 /dev/.x/dvrHelper (its file was deleted), uid 0
    mix     60 % ████████████ Mirai C2 registration
            40 % ████████ C2 keepalive
    why     + first payload 00 00 00 01, then an id of 11 bytes
            + 00 00 answered by 00 00 five times, 60.0 s apart
    but     − the bytes match none of MQTT, AMQP, STOMP, MySQL, WebSocket, BGP,
            IRC, SSH
    sure    confidence 99 of 100; decided 60 ms after the first packet
    ATT&CK  T1095 T1571
    do      Isolate this host from the network, keep it powered for forensics,
            and treat it as untrusted until it is re-imaged from a known-good
            snapshot. Do not just kill the process: it comes back, and its
            traces go.

 2 ▲ HIGH  outbound UDP flood from fixed sockets (udpplain)  TAKES PART
    20 kpps of UDP to one address, payload always 512 B
    when    2026-11-22 02:15:09 → 02:15:29 UTC (20 s)
    size    peak 20.4 kpps, 88.0 Mb/s; 400,112 packets, 208 MB
    from    192.168.1.20, to port 80
    who     1 target: 203.0.113.80:80

       20.4 kpps ┤               ▃▃▃██████████████████████████████████████████
                 │            ▅▅▅█████████████████████████████████████████████
                 │      ▃▃▃███████████████████████████████████████████████████
                 │   ▅▅▅██████████████████████████████████████████████████████
               0 └────────────────────────────────────────────────────────────
                  02:15:09             one column: 333 ms             02:15:29

    why     + one 5-tuple
            + payload 512 B on 100 % of the packets
            + began 0.8 s after a message on the C2 connection
    but     − not a backup: nothing was answered
    sure    confidence 93 of 100; decided 480 ms after the first packet
    ATT&CK  T1498.001 T1496
    do      Isolate this host from the network, keep it powered for forensics,
            and treat it as untrusted until it is re-imaged from a known-good
            snapshot. Do not just kill the process: it comes back, and its
            traces go.

── scan background and traffic ─────────────────────────────────────────────────
  inbound         7 packets, 406 B; on average 0.0 pps, 9 b/s
  packet to byte  1 : 58 (bytes per packet)
  device ports    no SYN to 23, 2323, 80, 8080, 8443, 9527, 48101, 37215 or
                  52869
  inbound mix     tcp data 100 %
  outbound mix    udp 100 %

── what was read ───────────────────────────────────────────────────────────────
  file      capture.pcap: 412,004 packets, 210 MB, pcap (microseconds,
            little-endian)
  time      2026-11-22 02:14:03 → 02:19:47 UTC (5 min 44 s)
  local     192.168.1.0/24 (given)
  packets   no malformed packet
  work      analysed in 310 ms (1.3 M packets/s)
)TEXT";

constexpr std::string_view kQuiet = R"TEXT(✓ QUIET  Nothing found in 18,211 packets: no attack, no scan, no sign that this
         host takes part in one.

── scan background and traffic ─────────────────────────────────────────────────
  inbound         10,211 packets, 12.0 MB; on average 30 pps, 279 kb/s
  packet to byte  1 : 1176 (bytes per packet)
  SYN share       0.8 % of inbound TCP (80 SYNs)
  device ports    no SYN to 23, 2323, 80, 8080, 8443, 9527, 48101, 37215 or
                  52869
  inbound mix     tcp data 100 %

── what was read ───────────────────────────────────────────────────────────────
  file      capture.pcap: 18,211 packets, 14.0 MB, pcap (microseconds,
            little-endian)
  time      2026-11-22 02:14:03 → 02:19:47 UTC (5 min 44 s)
  local     could not be told: no address is an end of more than half of the
            packets; verdicts are made for the address under attack (--local
            sets it)
  packets   no malformed packet
  work      analysed in 4 ms (4.6 M packets/s)
)TEXT";

constexpr std::string_view kAttackInAscii = R"TEXT( 1 [!!] CRITICAL  inbound DNS amplification                      i-20261122-7K3F
    812 kpps (x96 of normal 8.4 kpps), 96.9 % UDP from port 53
    when    2026-11-22 02:15:09 -> 02:18:52 UTC (3 min 42 s)
    size    peak 812 kpps, 6.9 Gb/s (x97 of the normal 8.4 kpps); 98,112,004
            packets, 104 GB
    target  203.0.113.5, ports 443 (96 %), 80 (4.2 %)
    who     1,904 sources; real servers used as reflectors; most:
            198.51.100.14:53 (0.4 %), 192.0.2.77:53 (0.4 %), [2001:db8::53]:53
            (0.2 %)
    mix     91 % ################## DNS amplification
            9 % ## fragment flood
    shape   multi vector

        812 kpps | ################################    ######################
                 | ################################....######################
                 |###########################################################.
                 |############################################################
               0 +------------------------------------------------------------
                  02:15:09             one column: 3.7 s              02:18:52

    why     + source port 53 on 96.9 % of the packets
            + 99.99 % of the answers were never asked for
            + mean size 1,410 B; payload ANY/RRSIG for isc.org
    but     - 203.0.113.5 does use DNS (12 own queries were answered): those
            answers are not counted
    sure    confidence 97 of 100; decided 480 ms after the first packet
    ATT&CK  T1498.002
    packets evidence/01M80GJC4Y5Q9WSCBY2R0T7K3F.pcapng
    do      The sources are real, misconfigured servers: do not block them one
            by one; ask upstream to filter UDP from port 53, and send them the
            evidence.

)TEXT";

TEST(ReportText, AHostThatTakesPart) { EXPECT_EQ(text_report(samples::taking_part(), plain()), kTakingPart); }
TEST(ReportText, AQuietCapture) { EXPECT_EQ(text_report(samples::quiet(), plain()), kQuiet); }
TEST(ReportText, OneIncidentInAscii) { EXPECT_EQ(text_incident(samples::dns_amplification(), plain(80, false), 1), kAttackInAscii); }

TEST(ReportText, TheFirstLineIsTheVerdict) {
  EXPECT_TRUE(text_report(samples::attacked(), plain()).starts_with("▲ ATTACKED  203.0.113.5 was under attack: DNS amplification"));
  Analysis scanned = samples::attacked();
  scanned.incidents = {samples::mirai_scan()};
  EXPECT_TRUE(text_report(scanned, plain()).starts_with("● SCANNED  203.0.113.5 was scanned, not attacked: Mirai-style scan."));
  EXPECT_TRUE(text_report(Analysis{}, plain()).starts_with("✓ QUIET  The input held no packets"));
}

TEST(ReportText, NoLineIsWiderThanTheTerminalAndNothingHostilePasses) {
  for (const auto& analysis : {samples::attacked(), samples::taking_part(), samples::quiet(), samples::hostile()})
    for (const bool utf8 : {true, false})
      for (int width = 60; width <= 100; ++width) {
        const std::string text = text_report(analysis, plain(width, utf8));
        for (const auto& line : lines_of(text)) {
          EXPECT_LE(display_width(line), std::max(width, 78)) << line;  // an incident's title is one line: at most 78
          if (line.find(" CRITICAL ") == std::string::npos && line.find(" MEDIUM ") == std::string::npos &&
              line.find(" HIGH ") == std::string::npos) {
            EXPECT_LE(display_width(line), width) << line;
          }
          for (const char c : line) {
            EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
            if (!utf8) {
              EXPECT_LT(static_cast<unsigned char>(c), 0x7f) << line;
            }
          }
        }
        EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
      }
}

TEST(ReportText, ColourOnlyOnRequestAndAlwaysReset) {
  TextStyle style = plain();
  const std::string without = text_report(samples::attacked(), style);
  EXPECT_EQ(without.find('\x1b'), std::string::npos);
  style.colour = true;
  std::string with = text_report(samples::attacked(), style);
  EXPECT_NE(with.find("\x1b[1;31m"), std::string::npos);
  for (const auto& line : lines_of(with)) {
    const auto last = line.rfind('\x1b');
    if (last != std::string::npos) {
      EXPECT_EQ(line.substr(last, 4), "\x1b[0m") << line;
    }
  }
  // Without its colour the text is the same.
  for (auto at = with.find('\x1b'); at != std::string::npos; at = with.find('\x1b')) with.erase(at, with.find('m', at) - at + 1);
  EXPECT_EQ(with, without);
}

TEST(ReportText, ManySmallIncidentsAreShortened) {
  Analysis a = samples::quiet();
  Incident small = samples::mirai_scan();
  small.severity = Severity::low;
  a.incidents.assign(100, small);
  const std::string text = text_report(a, plain());
  EXPECT_NE(text.find("92 smaller incidents"), std::string::npos);
  EXPECT_NE(text.find("and 52 more"), std::string::npos);
  EXPECT_LT(lines_of(text).size(), 400U);
  EXPECT_EQ(text_report(a, plain(), true).find("smaller incidents"), std::string::npos);
}

TEST(ReportText, DamageInterruptionAndTimeTroubleAreSaid) {
  Analysis a = samples::quiet();
  a.input.damage = {{"broken.pcap", 12'345, 678, "the packet's length 4,294,967,295 exceeds 65,535"}};
  a.input.skipped = {"notes.txt: not a capture"};
  a.input.backward_steps = 1;
  a.input.forward_jumps = 2;
  a.input.damage_not_listed = 3;
  a.interrupted = true;
  const std::string text = text_report(a, plain(100));
  for (const char* part : {"Part of the input is damaged", "Interrupted: this is what was read so far",
                           "broken.pcap: at byte 12,345, packet 678: the packet's", "notes.txt: not a capture",
                           "1 step back in time, 2 jumps of more than an hour, 3 more damaged places"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST(Verdict, TheTwoScenariosAreNeverConflated) {
  Incident i = samples::dns_amplification();
  EXPECT_EQ(standing_of(i), Standing::attacked);
  i.severity = Severity::low;  // small, but evidence has named it: "not attacked" would be wrong
  EXPECT_EQ(standing_of(i), Standing::attacked);
  i.severity = Severity::critical;
  i.direction = Direction::egress;
  EXPECT_EQ(standing_of(i), Standing::taking_part);
  i.label = "spike_unclassified";  // a backup is not an attack, whichever way it goes
  EXPECT_EQ(standing_of(i), Standing::noted);
  i = samples::mirai_scan();
  EXPECT_EQ(standing_of(i), Standing::scanned);
  i.direction = Direction::egress;
  EXPECT_EQ(standing_of(i), Standing::taking_part);
  i = samples::mirai_scan();
  i.kind = Kind::bruteforce;
  EXPECT_EQ(standing_of(i), Standing::guessed);
  i.kind = Kind::backscatter;
  EXPECT_EQ(standing_of(i), Standing::noted);
  i.kind = Kind::reflector;
  EXPECT_EQ(standing_of(i), Standing::taking_part);
  i.kind = Kind::c2;
  EXPECT_EQ(standing_of(i), Standing::taking_part);
}

TEST(Verdict, TakingPartComesFirstWhateverItsSize) {
  Analysis a = samples::attacked();
  a.incidents.push_back(samples::taking_part().incidents[1]);  // 2 packets a second against 812,000
  const auto verdict = judge(a);
  EXPECT_EQ(verdict.word, "TAKING PART");
  EXPECT_EQ(verdict.sentence, "192.168.1.20 is taking part in attacks on others: Mirai C2 registration. Isolate it now.");
  EXPECT_EQ(verdict.also, "Also attacked (DNS amplification) and scanned (Mirai-style scan).");
  EXPECT_EQ(in_order_of_weight(a.incidents)[0]->kind, Kind::c2);
}

TEST(Verdict, WhoeverTakesPartIsIsolated) {
  Incident i = samples::mirai_scan();
  i.advice = "Look at the web server.";
  EXPECT_EQ(advice_of(i), "Look at the web server.");
  i.direction = Direction::egress;
  EXPECT_TRUE(advice_of(i).starts_with("Isolate this host"));
  EXPECT_TRUE(advice_of(i).ends_with("Look at the web server."));
  i.advice = "First isolate it.";
  EXPECT_EQ(advice_of(i), "First isolate it.");
}

TEST(Verdict, ShortIds) {
  EXPECT_EQ(short_id(samples::dns_amplification()), "i-20261122-7K3F");
  Incident i;
  i.id = "no ulid\n";
  EXPECT_EQ(short_id(i), "no ulid\\x0a");
}

TEST(Verdict, AnUnknownLabelIsShownAsItIs) {
  Incident i = samples::mirai_scan();
  i.label = "flood_of_2031";
  EXPECT_EQ(title_of(i), "flood_of_2031");
  EXPECT_FALSE(advice_of(i).empty());
}

TEST(Terminal, Colour) {
  TerminalFacts facts;
  facts.term = "xterm";
  facts.is_terminal = true;
  EXPECT_TRUE(decide_style(facts, ColorChoice::automatic).colour);
  EXPECT_FALSE(decide_style(facts, ColorChoice::never).colour);
  facts.no_color = "1";
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).colour);
  EXPECT_TRUE(decide_style(facts, ColorChoice::always).colour);
  facts.clicolor_force = "1";
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).colour) << "NO_COLOR wins over CLICOLOR_FORCE";
  facts.no_color = "";  // set but empty does not count (no-color.org)
  facts.is_terminal = false;
  EXPECT_TRUE(decide_style(facts, ColorChoice::automatic).colour);
  facts.clicolor_force = "0";
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).colour);
  facts.is_terminal = true;
  facts.term = "dumb";
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).colour);
  ColorChoice choice = ColorChoice::never;
  EXPECT_TRUE(parse_color_choice("always", choice));
  EXPECT_EQ(choice, ColorChoice::always);
  EXPECT_FALSE(parse_color_choice("sometimes", choice));
}

TEST(Terminal, WidthAndCharacters) {
  TerminalFacts facts;
  EXPECT_EQ(decide_style(facts, ColorChoice::automatic).width, 80);
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).utf8);
  facts.is_terminal = true;
  facts.columns = 200;
  EXPECT_EQ(decide_style(facts, ColorChoice::automatic).width, 100);
  facts.columns = 10;
  EXPECT_EQ(decide_style(facts, ColorChoice::automatic).width, 40);
  facts.columns_variable = "72";
  EXPECT_EQ(decide_style(facts, ColorChoice::automatic).width, 72);
  facts.columns_variable = "many";
  EXPECT_EQ(decide_style(facts, ColorChoice::automatic).width, 40);
  facts.lang = "en_US.UTF-8";
  EXPECT_TRUE(decide_style(facts, ColorChoice::automatic).utf8);
  facts.lc_all = "C";
  EXPECT_FALSE(decide_style(facts, ColorChoice::automatic).utf8);
  facts.lc_all = "C.utf8";
  EXPECT_TRUE(decide_style(facts, ColorChoice::automatic).utf8);
}

TEST(Layout, WrapsKeepsUnitsAndCutsLongWords) {
  EXPECT_EQ(wrap("one two three", 8), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("port 80 (4.2 %), 443", 12), (std::vector<std::string>{"port 80", "(4.2 %), 443"}));
  EXPECT_EQ(wrap("aaaaaaaaaaaaaaaaaa", 8), (std::vector<std::string>{"aaaaaaaa", "aaaaaaaa", "aa"}));
  EXPECT_EQ(wrap("", 8), (std::vector<std::string>{""}));
  EXPECT_EQ(wrap("関所関所関所", 8), (std::vector<std::string>{"関所関所", "関所"}));
  EXPECT_EQ(display_width("関所 a→"), 7);
  EXPECT_EQ(to_ascii("a → b … 関"), "a -> b ... \\u{95a2}");
}

TEST(RateGraph, DrawsWhatIsThere) {
  EXPECT_EQ(draw_blocks({0, 1, 8, 16}, 16, 2, true), (std::vector<std::string>{"   █", " ▁██"}));
  EXPECT_EQ(draw_blocks({0, 8, 16}, 16, 2, false), (std::vector<std::string>{"  #", " ##"}));
  EXPECT_EQ(draw_blocks({0.001, 1000}, 1000, 1, true), (std::vector<std::string>{"▁█"})) << "little is not nothing";
  EXPECT_EQ(draw_bar(0.5, 4, true), "██");
  EXPECT_EQ(draw_bar(0.001, 4, true), "▏");
  EXPECT_EQ(draw_bar(7, 4, false), "####");
  EXPECT_EQ(draw_bar(0, 4, true), "");
}

TEST(RateGraph, APulseWaveShowsItsSilence) {
  Incident i;
  for (const int s : {0, 1, 2, 3, 40, 41, 42, 43}) i.rates.push_back({s * kSecond, 100, 1'000});
  const auto columns = rate_columns(i, 44);
  ASSERT_EQ(columns.pps.size(), 44U);
  EXPECT_EQ(columns.pps.front(), 100);
  EXPECT_EQ(columns.pps.back(), 100);
  EXPECT_EQ(columns.pps[25], 0);
  EXPECT_GT(std::count(columns.pps.begin(), columns.pps.end(), 0.0), 20);
  EXPECT_EQ(columns.max_bps, 1'000);
  i.rates.resize(3);
  EXPECT_TRUE(rate_columns(i, 44).pps.empty());
}

}  // namespace
}  // namespace sekisho
