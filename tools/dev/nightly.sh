# ./dev nightly [ARGS of tests/live/benign_nightly]: the release build, real programs, real periods.
# shellcheck shell=bash
install_missing build
install_missing test
install_missing extra nightly
build release sekisho
cd "$root"
exec tests/live/benign_nightly build/release/sekisho "$@"
