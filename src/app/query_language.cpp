// A tokenizer and a parser by recursive descent.
#include "app/query_language.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxText = 4096, kMaxConditions = 64, kMaxValues = 256, kMaxGroups = 4, kMaxTop = 100'000;
constexpr int kMaxDepth = 16;

struct Token {
  enum class Kind { word, quoted, op, open, close, comma, end };
  Kind kind = Kind::end;
  std::string text;
  std::size_t at = 0;
};

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

Error wrong(std::size_t at, std::string_view what) {
  return {fmt::format("the query, at character {}: {} (docs/query.md has the language and examples)", at + 1, what), ErrorKind::usage};
}

Result<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const auto start = at;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '(' || c == ')' || c == ',') {
      tokens.push_back({c == '(' ? Token::Kind::open : c == ')' ? Token::Kind::close : Token::Kind::comma, std::string{c}, start});
      ++at;
    } else if (c == '=' || c == '!' || c == '<' || c == '>' || c == '~') {
      ++at;
      if (at < text.size() && text[at] == '=' && c != '~') ++at;
      tokens.push_back({Token::Kind::op, std::string{text.substr(start, at - start)}, start});
    } else if (c == '\'' || c == '"') {
      const auto close = text.find(c, at + 1);
      if (close == std::string_view::npos) return wrong(start, fmt::format("the quotation mark {} is not closed", c));
      tokens.push_back({Token::Kind::quoted, std::string{text.substr(at + 1, close - at - 1)}, start});
      at = close + 1;
    } else {
      while (at < text.size() && std::string_view{" \t\n\r(),=!<>~'\""}.find(text[at]) == std::string_view::npos) ++at;
      tokens.push_back({Token::Kind::word, std::string{text.substr(start, at - start)}, start});
    }
  }
  tokens.push_back({Token::Kind::end, "", text.size()});
  return tokens;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Query> query() {
    Query q;
    if (next().kind != Token::Kind::word)
      return wrong(next().at, "a table is expected: scans, logins, blocks, incidents, ports, traffic or classes");
    q.table = lower(take().text);
    while (next().kind != Token::Kind::end) {
      const auto at = next().at;
      if (is("where")) {
        if (q.where) return wrong(at, "'where' stands once; join conditions with 'and'");
        ++at_;
        q.where = TRY(any_of(0));
      } else if (is("since") || is("until") || is("over")) {
        auto& into = is("since") ? q.since : is("until") ? q.until : q.over;
        const auto name = take().text;
        if (into) return wrong(at, fmt::format("'{}' stands once", name));
        into = TRY(time_words(name));
      } else if (is("group")) {
        if (!q.group.empty()) return wrong(at, "'group by' stands once; its fields are joined with commas");
        ++at_;
        if (!is("by")) return wrong(next().at, "'group' is followed by 'by' and fields");
        do {
          ++at_;
          if (q.group.size() == kMaxGroups) return wrong(next().at, "four fields to group by are the most");
          q.group.push_back(TRY(name("a field to group by")));
        } while (next().kind == Token::Kind::comma);
      } else if (is("top")) {
        if (q.top) return wrong(at, "'top' stands once");
        ++at_;
        q.top = TRY(count());
        if (is("by")) {
          ++at_;
          q.by = TRY(name("a number's field"));
        }
      } else {
        return wrong(at, fmt::format("'{}' is not expected; here may stand where, since, until, group by, top or over",
                                     escape_hostile(next().text, 40)));
      }
    }
    return q;
  }

 private:
  const Token& next() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_++]; }
  bool is(std::string_view word) const { return next().kind == Token::Kind::word && lower(next().text) == word; }
  bool ends_a_part() const {
    static constexpr std::array kWords{"where", "since", "until", "over", "group", "top"};
    return next().kind == Token::Kind::end || std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return is(word); });
  }

  Result<std::string> name(std::string_view what) {
    if (next().kind != Token::Kind::word || ends_a_part()) return wrong(next().at, fmt::format("{} is expected", what));
    return lower(take().text);
  }
  Result<std::size_t> count() {
    std::size_t n = 0;
    const auto& t = next().text;
    const auto [end, bad] = std::from_chars(t.data(), t.data() + t.size(), n);
    if (next().kind != Token::Kind::word || bad != std::errc{} || end != t.data() + t.size() || n < 1 || n > kMaxTop)
      return wrong(next().at, fmt::format("'top' is followed by a number from 1 to {}", kMaxTop));
    ++at_;
    return n;
  }
  // "7d", "yesterday", '1 hour ago', 1 hour ago
  Result<std::string> time_words(std::string_view after) {
    std::string words;
    const auto at = next().at;
    if (next().kind == Token::Kind::quoted) return take().text;
    while (next().kind == Token::Kind::word && !ends_a_part()) words += (words.empty() ? "" : " ") + take().text;
    if (words.empty()) return wrong(at, fmt::format("'{}' is followed by a time: 7d, yesterday, '1 hour ago'", after));
    return words;
  }

  Result<QueryCondition> joined(int depth, QueryCondition::Kind kind, std::string_view word, Result<QueryCondition> (Parser::*part)(int)) {
    auto first = TRY((this->*part)(depth));
    if (!is(word)) return first;
    QueryCondition whole;
    whole.kind = kind;
    whole.parts.push_back(std::move(first));
    while (is(word)) {
      ++at_;
      auto more = TRY((this->*part)(depth));
      whole.parts.push_back(std::move(more));
    }
    return whole;
  }
  Result<QueryCondition> any_of(int depth) { return joined(depth, QueryCondition::Kind::any, "or", &Parser::all_of); }
  Result<QueryCondition> all_of(int depth) { return joined(depth, QueryCondition::Kind::all, "and", &Parser::one); }

  Result<QueryCondition> one(int depth) {
    if (depth > kMaxDepth) return wrong(next().at, fmt::format("{} levels of brackets are the most", kMaxDepth));
    if (is("not")) {
      ++at_;
      QueryCondition negated;
      negated.kind = QueryCondition::Kind::none;
      auto part = TRY(one(depth + 1));
      negated.parts.push_back(std::move(part));
      return negated;
    }
    if (next().kind != Token::Kind::open) return test();
    ++at_;
    auto inner = TRY(any_of(depth + 1));
    if (next().kind != Token::Kind::close) return wrong(next().at, "a ')' is expected");
    ++at_;
    return inner;
  }

  Result<QueryCondition> test() {
    QueryCondition c;
    c.at = next().at;
    if (++conditions_ > kMaxConditions) return wrong(c.at, fmt::format("{} conditions are the most", kMaxConditions));
    c.field = TRY(name("a field"));
    if (is("in")) {
      ++at_;
      if (next().kind != Token::Kind::open) return wrong(next().at, "'in' is followed by values in brackets");
      do {
        ++at_;
        if (c.values.size() == kMaxValues) return wrong(next().at, fmt::format("{} values are the most", kMaxValues));
        c.values.push_back(TRY(value()));
      } while (next().kind == Token::Kind::comma);
      if (next().kind != Token::Kind::close) return wrong(next().at, "a ',' or ')' is expected");
      ++at_;
      return c;
    }
    static constexpr std::array<std::pair<std::string_view, QueryOp>, 9> kOps{{{"=", QueryOp::equal},
                                                                               {"==", QueryOp::equal},
                                                                               {"!=", QueryOp::not_equal},
                                                                               {"<", QueryOp::less},
                                                                               {"<=", QueryOp::at_most},
                                                                               {">", QueryOp::greater},
                                                                               {">=", QueryOp::at_least},
                                                                               {"~", QueryOp::contains},
                                                                               {"contains", QueryOp::contains}}};
    const auto word = lower(next().text);
    const auto* known = std::find_if(kOps.begin(), kOps.end(), [&](const auto& op) { return op.first == word; });
    if (known == kOps.end() || next().kind == Token::Kind::quoted)
      return wrong(next().at, fmt::format("after '{}' one of = != < <= > >= ~ in is expected", escape_hostile(c.field, 40)));
    ++at_;
    c.op = known->second;
    c.values.push_back(TRY(value()));
    return c;
  }
  Result<std::string> value() {
    if (next().kind != Token::Kind::word && next().kind != Token::Kind::quoted)
      return wrong(next().at, "a value is expected; put it in quotation marks when it has spaces or signs");
    return take().text;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0, conditions_ = 0;
};

}  // namespace

Result<Query> parse_query(std::string_view text) {
  if (text.size() > kMaxText) return Error{fmt::format("the query is longer than {} characters", kMaxText), ErrorKind::usage};
  auto tokens = TRY(tokens_of(text));
  return Parser{std::move(tokens)}.query();
}

}  // namespace sekisho
