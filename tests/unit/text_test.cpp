// Text made harmless: each hostile string of tests/hostile, the edges of UTF-8, formulas in cells.
#include "base/text.h"

#include <gtest/gtest.h>

#include "hostile_strings.h"

namespace sekisho {
namespace {

TEST(EscapeHostile, NothingUnseenIsLeft) {
  for (const auto& text : samples::hostile_strings(SEKISHO_SOURCE_DIR "/tests/hostile/strings.json")) {
    const auto out = escape_hostile(text, 8192);
    for (const auto* unseen : {"\u00ad", "\u061c", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029",
                               "\u202a", "\u202d", "\u202e", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff", "\U000e0041"})
      EXPECT_EQ(out.find(unseen), std::string::npos) << out;
    for (const unsigned char c : out) EXPECT_TRUE(c >= 0x20 && c != 0x7f) << out;
    for (std::size_t at = 0; (at = out.find('\xc2', at)) != std::string::npos; ++at)
      EXPECT_GE(static_cast<unsigned char>(out[at + 1]), 0xa0) << out;  // no C1
    EXPECT_EQ(escape_hostile(out, 8192), out) << "twice is once";
  }
}

TEST(EscapeHostile, SaysWhatWasThere) {
  EXPECT_EQ(escape_hostile("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(escape_hostile("\xff\xc0\xaf\xed\xa0\x80"), "\\xff\\xc0\\xaf\\xed\\xa0\\x80");
  EXPECT_EQ(escape_hostile("ro\u200bot\u202e\u00ad\U000e0041"), "ro\\u{200b}ot\\u{202e}\\u{00ad}\\u{e0041}");
  EXPECT_EQ(escape_hostile("größe 危険 💣 e\u0301"), "größe 危険 💣 e\u0301");
}

TEST(CsvCell, NoFormulaHoweverItBegins) {
  for (const auto* text : {"=1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠x"}) EXPECT_EQ(csv_cell(text), std::string{"'"} + text);
  EXPECT_EQ(csv_cell("  =1"), "  '=1");
  EXPECT_EQ(csv_cell("\t=1"), "\t'=1");
  EXPECT_EQ(csv_cell("\r=1"), "\"\r'=1\"");
  EXPECT_EQ(csv_cell("a;=1; @x\n-y"), "\"a;'=1; '@x\n'-y\"");
  EXPECT_EQ(csv_cell("a\",=1,\""), "\"a\"\",=1,\"\"\"");
}

TEST(CsvCell, LeavesTheRest) {
  for (const auto* text : {"", "a=1", "1-2", "Mozilla/5.0 (X11; Linux)", "a@b.example", "  x"}) EXPECT_EQ(csv_cell(text), text);
}

}  // namespace
}  // namespace sekisho
