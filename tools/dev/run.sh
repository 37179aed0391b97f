# ./dev run [FILE... | COMMAND ...]: stays in the caller's folder, so that relative file names mean what they say.
# shellcheck shell=bash
install_missing build
build release sekisho
program=$root/build/release/sekisho
if (($# == 0)); then
  exec "$program" agent
elif [[ $1 =~ ^[a-z]+$ && ! -e $1 || $1 == --version || $1 == --help || $1 == -h ]]; then
  exec "$program" "$@"  # the name of a command
else
  exec "$program" analyze "$@"
fi
