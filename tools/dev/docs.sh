# ./dev docs [--check]: labels.md and settings.md from the program's own tables, the package list of setup.md; then links and file names.
# shellcheck shell=bash
check=
for argument; do
  case $argument in --check) check=--check ;; *) die "docs knows only --check, not '$argument'" ;; esac
done
install_missing build
install_missing test
cd "$root"
# A build that is there already serves: the tables are the same in each.
preset=release
for built in quick dev; do [[ -x build/$built/tools/make_docs ]] && preset=$built; done
build "$preset" make_docs
status=0
tools/write-docs $check "build/$preset/tools/make_docs" || status=1
tools/check-docs || status=1
exit $status
