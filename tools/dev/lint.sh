# ./dev lint [--all | FILE...]: clang-tidy with the list of .clang-tidy on what changed against main.
# shellcheck shell=bash
install_missing build
install_missing test
install_missing extra lint
cd "$root"
configure dev
case ${1-} in
  --all) mapfile -t sources < <(git ls-files -- 'src/*.cpp') ;;
  -*) die "lint knows only --all and file names, not '$1'" ;;
  '')
    base=$(git merge-base HEAD main 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
    mapfile -t sources < <({ git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp' && git ls-files --others --exclude-standard -- 'src/*.cpp'; } | sort -u)
    ;;
  *) sources=("$@") ;;
esac
((${#sources[@]})) || { say "no C++ file of src/ changed against main (./dev lint --all for all)"; exit 0; }
say "clang-tidy on ${#sources[@]} files"
printf '%s\0' "${sources[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy-14 -p build/dev --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings generated' >&2) ||
  { say "clang-tidy found something: fix it, or say why not beside it with NOLINT(name-of-check)"; exit 1; }
