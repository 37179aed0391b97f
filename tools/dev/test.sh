# ./dev test: everything that must hold. Each part runs even when one before it failed; the last line is the total.
# `--strict` (continuous integration): also the format check, and compiler warnings are errors.
# shellcheck shell=bash
strict=
for argument; do
  case $argument in --strict) strict=1 ;; *) die "test knows only --strict, not '$argument'; one case: ./dev case NAME" ;; esac
done
if [[ -n $strict ]]; then export SEKISHO_CMAKE_ARGS=-DSEKISHO_WERROR=ON; fi
cd "$root"
install_missing build
install_missing test

passed=0 failed=0 failures=() skipped=()
log_dir=$root/build/test-logs
mkdir -p "$log_dir"

# part NAME COMMAND...: runs it, shows its output, and adds up what it says. A part that prints "N passed, N failed" (or ctest's
# "X% tests passed, F tests failed out of T") counts with these numbers, any other as one.
part() {
  local name=$1 log=$log_dir/$1.log began=$SECONDS status=0 good=0 bad=0 line
  shift
  printf '== %s\n' "$name"
  set +e
  (set -e; "$@") 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  set -e
  if line=$(grep -Eo '[0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1) && [[ -n $line ]]; then
    bad=${line%% *} good=$((${line##* } - bad))
  elif line=$(grep -Eo '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1) && [[ -n $line ]]; then
    good=${line%% *} line=${line#*, } bad=${line%% *}
  elif ((status == 0)); then
    good=1
  fi
  ((status != 0 && bad == 0)) && bad=1
  passed=$((passed + good)) failed=$((failed + bad))
  ((bad)) && failures+=("$name")
  printf '== %s: %d passed, %d failed (%d s)\n\n' "$name" "$good" "$bad" $((SECONDS - began))
}

build_dev() { build dev; }
build_release() { build release sekisho; }
# What passed is counted, not listed: the failures and the summary are what is to be read.
unit_tests() {
  [[ -x build/dev/tests/unit_tests ]] || { say "no unit tests were built: rm -r build/dev, then repeat"; return 1; }
  ctest --test-dir build/dev --output-on-failure -j "$(nproc)" --timeout 300 --no-tests=error </dev/null |
    grep -Ev '^ *[0-9]+/[0-9]+ Test .* Passed |^ *Start +[0-9]+:|^Internal ctest|^Test project'
}

part rooms tools/check-rooms
[[ -n $strict ]] && part format "$root/dev" fmt --check
part build-dev build_dev
part make-cases tools/case --make
part unit-tests unit_tests
part build-release build_release
if [[ -x build/release/sekisho ]]; then
  if [[ -x tools/case ]]; then
    part cases tools/case
    if [[ -d ../shared/captures ]]; then part corpus tools/case --corpus ../shared/captures --strict; else skipped+=("corpus: ../shared/captures is not here"); fi
  else
    skipped+=("cases and corpus: tools/case is not here")
  fi
fi
part docs "$root/dev" docs --check

for line in "${skipped[@]}"; do printf 'skipped: %s\n' "$line"; done
((${#failures[@]})) && printf 'failed: %s (its messages stand above and in build/test-logs)\n' "${failures[@]}"
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
