// TopScreen: what `sekisho top` shows, from what the agent tells and the keys that were pressed. Pure: no terminal, no clock.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/terminal.h"
#include "app/text_layout.h"

namespace sekisho {

class TopScreen {
 public:
  explicit TopScreen(TextStyle style) : style_(style) {}
  // Events of the control socket (docs/control.md).
  void on_snapshot(const nlohmann::json& data);
  void on_incident(const nlohmann::json& data);
  void on_second(const nlohmann::json& data);
  void on_status(const nlohmann::json& status) { status_ = status; }

  enum class Key { none, quit, pause, help, up, down, enter, back, sort, unit };
  // False: quit.
  bool on_key(Key key);
  bool paused() const { return paused_; }

  // Exactly `rows` lines of at most `columns` columns, without a newline behind the last: 80x24 and up; smaller ones say so.
  std::string draw(int columns, int rows) const;
  // The second that came last, on one line, for output that is no terminal.
  std::string line() const;

 private:
  using json = nlohmann::json;
  std::vector<const json*> in_order() const;
  std::vector<std::string> head(int columns) const;
  std::vector<std::string> list(int columns, int rows) const;
  std::vector<std::string> talkers(int columns, int rows) const;
  std::vector<std::string> mix(int columns, int rows) const;
  std::vector<std::string> detail(int columns) const;
  std::vector<std::string> help() const;
  std::string side(std::size_t direction, int columns) const;
  std::string row(const std::vector<TextPart>& parts, int columns) const;

  TextStyle style_;
  json status_, second_;
  std::map<std::string, json> open_;  // by id
  std::array<std::deque<double>, 2> pps_, bps_;
  // While paused events go on to be taken, but what is shown stays.
  struct Frozen {
    json status, second;
    std::map<std::string, json> open;
    std::array<std::deque<double>, 2> pps, bps;
  };
  Frozen frozen_;
  bool paused_ = false, helping_ = false, detailed_ = false, bits_ = false;
  enum class Sort { severity, newest, size } sort_ = Sort::severity;
  std::string selected_;  // id; empty = the first
  int scrolled_ = 0;      // lines of the detail
};

}  // namespace sekisho
