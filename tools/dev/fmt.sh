# ./dev fmt [--check]: clang-format 14 on every C++ file of the project (tracked or new, never build/).
# shellcheck shell=bash
check=
for argument; do
  case $argument in --check) check=1 ;; *) die "fmt knows only --check, not '$argument'" ;; esac
done
install_missing test
cd "$root"
mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h' | while read -r f; do [[ -f $f ]] && echo "$f"; done)
if [[ -n $check ]]; then
  clang-format-14 --dry-run --Werror "${sources[@]}" 2>&1 | sed -n 's/^\([^ :]*\):\([0-9]*\):.*/\1:\2: not formatted/p' | sort -u -t: -k1,1 >&2
  ((PIPESTATUS[0] == 0)) || { say "these files are not formatted: run './dev fmt'"; exit 1; }
else
  clang-format-14 -i "${sources[@]}"
fi
