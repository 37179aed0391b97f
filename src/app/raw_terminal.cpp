// The few sequences that every terminal of the last thirty years knows (ECMA-48, xterm's alternate screen).
#include "app/raw_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace sekisho {

std::optional<RawTerminal> RawTerminal::take() {
  termios now{};
  if (::isatty(STDOUT_FILENO) != 1 || ::isatty(STDIN_FILENO) != 1 || ::tcgetattr(STDIN_FILENO, &now) != 0) return std::nullopt;
  const termios before = now;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C stays a signal
  now.c_cc[VMIN] = 0, now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) != 0) return std::nullopt;
  std::fputs("\x1b[?1049h\x1b[?25l\x1b[2J", stdout);
  std::fflush(stdout);
  return RawTerminal{before};
}

RawTerminal::~RawTerminal() {
  if (!before_) return;
  std::fputs("\x1b[?25h\x1b[?1049l", stdout);
  std::fflush(stdout);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);
}

std::pair<int, int> RawTerminal::size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

TopScreen::Key RawTerminal::key() {
  using Key = TopScreen::Key;
  const auto next = [](int patience_ms) -> int {
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    unsigned char c = 0;
    return ::poll(&wait, 1, patience_ms) == 1 && ::read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
  };
  switch (next(0)) {
    case 'q':
    case 'Q': return Key::quit;
    case 'p':
    case 'P':
    case ' ': return Key::pause;
    case '?':
    case 'h': return Key::help;
    case 'k': return Key::up;
    case 'j': return Key::down;
    case '\n':
    case '\r': return Key::enter;
    case 's': return Key::sort;
    case 'b': return Key::unit;
    case 0x7f: return Key::back;
    case 0x1b: {
      const int second = next(25);  // alone it is the Escape key
      if (second != '[' && second != 'O') return Key::back;
      const int third = next(25);
      return third == 'A' ? Key::up : third == 'B' ? Key::down : Key::none;
    }
    default: return Key::none;
  }
}

}  // namespace sekisho
