# ./dev package: the Debian package, its dependencies from the binary itself.
# shellcheck shell=bash
install_missing build
install_missing extra package
build release sekisho
cd "$root/build/release"
rm -rf "$root/build/package"
if ! cpack -G DEB -B "$root/build/package" >package.log 2>&1; then
  tail -n 15 package.log >&2
  die "cpack failed (all of it: build/release/package.log)"
fi
rm -rf "$root/build/package/_CPack_Packages"
printf '%s\n' "$root"/build/package/*.deb
