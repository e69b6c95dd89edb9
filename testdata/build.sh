#!/bin/bash
# Rebuilds the files of testdata/ from testdata/src and writes manifest/*.toml, which hold each
# command as it ran. Tests need the files only, not the compilers.
#
# Each section makes one folder; what it needs stands at the top of build/SECTION.sh: packages
# of Debian 12, Rust 1.95 by rustup.
#
# Usage: testdata/build.sh [SECTION...]
#   KEEP=1 keeps the build folder, which spares the standard library being built again
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/build/common.sh"

sections=("$@")
((${#sections[@]})) || sections=(bin macho pe coff wasm elf debuginfo archive)

for name in "${sections[@]}"; do
    [[ -f $here/build/$name.sh ]] || fail "there is no section $name"
    (. "$here/build/$name.sh")
    echo "$name: $(find "$here/$name" -type f | wc -l) files, $(find "$here/$name" -type f -exec cat {} + | wc -c) bytes"
done
[[ ${KEEP-} ]] || rm -rf "$build"
