// RawTerminal: a terminal that belongs to a full-screen view for a while: the other screen, no echo, keys one by one; given back whatever
// happens.
#pragma once
#include <termios.h>

#include <optional>
#include <utility>

#include "app/top_screen.h"

namespace sekisho {

// One at a time. Also when the program is ended by a signal that it does not catch, the shell's own reset brings the lines back; SIGINT and
// SIGTERM are caught elsewhere (app/progress.h) and lead to the destructor.
class RawTerminal {
 public:
  // On standard input and output; nothing when they are no terminal.
  static std::optional<RawTerminal> take();
  RawTerminal(RawTerminal&& other) noexcept : before_(std::exchange(other.before_, std::nullopt)) {}
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  static std::pair<int, int> size();  // columns and rows; 80x24 when the terminal does not say
  // The next key that was pressed; none when there is none now. Sequences of arrow keys are one key.
  static TopScreen::Key key();

 private:
  explicit RawTerminal(termios before) : before_(before) {}
  std::optional<termios> before_;
};

}  // namespace sekisho
