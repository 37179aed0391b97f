# Shared by the parts of ./dev: messages, the set-up list, builds. Sourced, never run.
# shellcheck shell=bash

say() { printf 'dev: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

list_programs() { find "$1" -maxdepth 1 -type f -perm -u+x -printf '%f ' | sed 's/ $//; s/^$/none here/'; }

# packages SECTION [TAG]: the package names of a section of tools/setup-packages.txt; with TAG those whose reason begins with it.
packages() {
  awk -v section="[$1]" -v tag="${2-}" '
    /^\[/ { inside = $1 == section; next }
    inside && NF && $1 !~ /^#/ { if (tag == "" || $3 == tag ":") print $1 }' "$root/tools/setup-packages.txt"
}

# Node and npm may come from elsewhere than Debian, whose npm then cannot be installed beside them.
install_page_tools() {
  command -v node >/dev/null && command -v npm >/dev/null && return 0
  install_missing page
}

# install_missing SECTION [TAG]: one question to dpkg; apt only when something is missing.
install_missing() {
  local wanted missing
  [[ ${SEKISHO_SETUP-} == skip ]] && return 0
  [[ $1 == build ]] && install_page_tools
  wanted=$(packages "$@")
  [[ -n $wanted ]] || return 0
  command -v dpkg-query >/dev/null ||
    die "this is no Debian: install the equivalents of tools/setup-packages.txt, then set SEKISHO_SETUP=skip"
  # shellcheck disable=SC2086
  missing=$(comm -23 <(sort <<<"$wanted") <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u))
  [[ -n $missing ]] || return 0
  missing=${missing//$'\n'/ }
  say "installing for '$1': $missing"
  local log sudo=
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "run this as root first: apt-get install $missing"
    sudo=sudo
  fi
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { $sudo apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "apt-get failed (its last lines stand above): check the network and /etc/apt, then repeat; by hand: apt-get install $missing"
  fi
  rm -f "$log"
}

# configure PRESET: CMake, when it was never asked or its presets changed.
configure() {
  local preset=$1 dir=$root/build/$1 log
  [[ ! -f $dir/build.ninja || $root/CMakePresets.json -nt $dir/build.ninja || -n ${SEKISHO_CMAKE_ARGS-} ]] || return 0
  mkdir -p "$dir"
  log=$dir/configure.log
  # shellcheck disable=SC2086
  if ! (cd "$root" && cmake --preset "$preset" ${SEKISHO_CMAKE_ARGS-}) >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "configuring '$preset' failed (all of it: build/$preset/configure.log); if the folder came from elsewhere: rm -r build/$preset"
  fi
}

# build PRESET [TARGET...]: talks on stderr only, so that stdout stays the program's. ninja prints what fails and, at a terminal, progress.
build() {
  local preset=$1 quiet=(--quiet)
  shift
  configure "$preset"
  [[ -t 2 ]] && quiet=()
  ninja -C "$root/build/$preset" "${quiet[@]}" ${SEKISHO_JOBS:+-j "$SEKISHO_JOBS"} "$@" >&2 ||
    die "building '$preset' failed; the first error stands above"
}
