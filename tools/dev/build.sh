# ./dev build [PRESET]
# shellcheck shell=bash
preset=${1-release}
case $preset in
  release) install_missing build; build release sekisho; say "build/release/sekisho is ready" ;;
  dev | tsan | quick) install_missing build; install_missing test; build "$preset"; say "build/$preset is ready" ;;
  fuzz) install_missing build; install_missing extra fuzz; build fuzz; say "build/fuzz is ready" ;;
  *) die "unknown preset '$preset': release, quick, dev, tsan, fuzz" ;;
esac
