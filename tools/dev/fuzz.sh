# ./dev fuzz [TARGET] [SECONDS]: the corpus grows in build/corpus/TARGET; a crash is kept there and fails.
# shellcheck shell=bash
install_missing build
install_missing extra fuzz
seconds=60 target=
for argument; do
  if [[ $argument =~ ^[0-9]+$ ]]; then seconds=$argument; else target=${argument#fuzz_}; fi
done
cd "$root"
targets=()
for source in tests/fuzz/fuzz_*.cpp; do
  [[ -f $source ]] || continue
  name=${source##*/fuzz_}
  name=${name%.cpp}
  [[ -z $target || $name == "$target" ]] && targets+=("$name")
done
((${#targets[@]})) || die "no fuzz target '${target:-at all}': $(cd tests/fuzz 2>/dev/null && printf '%s ' fuzz_*.cpp | sed 's/fuzz_//g; s/\.cpp//g')"
build fuzz "${targets[@]/#/fuzz_}"
for name in "${targets[@]}"; do
  corpus=build/corpus/$name
  mkdir -p "$corpus" "build/corpus/crashes"
  seeds=()
  [[ -d tests/fuzz/seeds/$name ]] && seeds=("tests/fuzz/seeds/$name")
  say "fuzzing $name for $seconds s"
  log=$corpus.log
  if ! "build/fuzz/tests/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/corpus/crashes/$name-" "$corpus" "${seeds[@]}" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "fuzz_$name found something: the input is build/corpus/crashes/$name-*, all messages are in $log"
  fi
  say "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
done
