# ./dev run [FILE... | COMMAND ...]: stays in the caller's folder, so that relative file names mean what they say.
# shellcheck shell=bash
install_missing build
build release sekisho
program=$root/build/release/sekisho
if (($# == 0)); then
  # The agent and the dashboard together: whichever ends takes the other with it, and Ctrl-C ends both.
  "$program" web &
  dashboard=$!
  "$program" agent &
  agent=$!
  trap 'kill -TERM $agent $dashboard 2>/dev/null' INT TERM EXIT
  wait -n $agent $dashboard || true
  kill -TERM $agent $dashboard 2>/dev/null || true
  status=0
  wait $agent || status=$?
  wait $dashboard || true
  trap - EXIT
  exit $status
elif [[ $1 =~ ^[a-z]+$ && ! -e $1 || $1 == --version || $1 == --help || $1 == -h ]]; then
  exec "$program" "$@"  # the name of a command
else
  exec "$program" analyze "$@"
fi
