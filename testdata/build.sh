#!/bin/bash
# Rebuilds every file of testdata/bin from testdata/src and writes MANIFEST.toml,
# which holds each command as it ran. Tests need the files only, not the compilers.
#
# Debian 12 with these packages, and Rust by rustup:
#   gcc g++ gcc-i686-linux-gnu gcc-arm-linux-gnueabihf gcc-s390x-linux-gnu
#   gcc-mips-linux-gnu gcc-powerpc64-linux-gnu gcc-riscv64-linux-gnu llvm-22 lld-22
#
# Usage: testdata/build.sh
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=$here/bin
manifest=$here/MANIFEST.toml
# Always the same folder, because parts of a binary depend on where it was built.
build=/tmp/bloat-testdata
max=300000

export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0
export RUSTUP_TOOLCHAIN=1.95.0
export CARGO_TARGET_DIR=$build/target CARGO_NET_OFFLINE=true CARGO_INCREMENTAL=0
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CFLAGS

rm -rf "$build" "$bin"
mkdir -p "$build/out" "$bin"
cp -r "$here"/src/* "$build"
cd "$build"

# Says what a tool is, in the first line of what it says about itself.
tool() { printf '"%s" = "%s"\n' "$1" "$("$1" --version | sed -n '/[0-9]\.[0-9]/{s/"//g;s/^ *//;p;q}')"; }

{
    echo '# Written by build.sh: the files of bin/, how each was made and what it is for.'
    echo '# Commands run one after another in a folder that holds a copy of src/, so a later file may'
    echo '# use what was made for an earlier one; `out/` is what ends up in bin/.'
    echo
    echo '[tools]'
    tool rustc
    tool cargo
    for machine in '' i686-linux-gnu- arm-linux-gnueabihf- s390x-linux-gnu- mips-linux-gnu- \
        powerpc64-linux-gnu- riscv64-linux-gnu-; do
        tool "${machine}gcc"
    done
    tool g++
    tool ld
    tool llvm-objcopy-22
    tool ld.lld-22
} >"$manifest"

commands=()

# Runs a command and keeps it for the manifest.
run() {
    echo "+ $*"
    commands+=("$*")
    "$@"
}

# made FILE "SOURCES" "WHAT IT EXERCISES": the commands since the last one made this file.
made() {
    local file=$1 sources=$2 exercises=$3 bytes
    cp "out/$file" "$bin/$file"
    chmod 644 "$bin/$file"
    bytes=$(stat -c %s "$bin/$file")
    if ((bytes > max)); then
        echo "error: $file has $bytes bytes, more than $max" >&2
        exit 1
    fi
    check_paths "$file"
    {
        printf '\n[[file]]\nname = "%s"\nsources = [' "$file"
        printf '"%s", ' $sources | sed 's/, $//'
        printf ']\ncommands = [\n'
        printf "    '%s',\n" "${commands[@]}"
        printf ']\nexercises = "%s"\nbytes = %s\nsha256 = "%s"\n' \
            "$exercises" "$bytes" "$(sha256sum "$bin/$file" | cut -d ' ' -f 1)"
    } >>"$manifest"
    commands=()
}

# No path of the machine that built it may be in a file, compressed parts included.
check_paths() {
    local plain=$build/plain found
    llvm-objcopy-22 --decompress-debug-sections "$bin/$1" "$plain" 2>/dev/null || cp "$bin/$1" "$plain"
    if found=$(strings -a "$bin/$1" "$plain" | grep -F -e "$build" -e "$here" -e "$HOME/" -e "$(rustc --print sysroot)"); then
        echo "error: $1 holds paths: $found" >&2
        exit 1
    fi
}

### Rust

map="--remap-path-prefix=$build=/src"
export DEMO_MAP=$build=/src
demo_sources='demo/app demo/shapes demo/vendor demo/Cargo.lock'

# demo PROFILE FLAGS...: builds the demo workspace; its commands run with these flags.
demo() {
    local profile=$1
    shift
    rm -rf target
    commands+=("export RUSTFLAGS=\"$map $*\" DEMO_CFLAGS=\"$DEMO_CFLAGS\" DEMO_MAP=$DEMO_MAP CARGO_TARGET_DIR=$CARGO_TARGET_DIR")
    RUSTFLAGS="$map $*" run cargo build --manifest-path demo/Cargo.toml --locked --profile "$profile"
}

export DEMO_CFLAGS='-O2 -g -gdwarf-4'
demo whole -Cdwarf-version=4
run cp target/whole/demo out/demo-x86_64-dwarf4
made demo-x86_64-dwarf4 "$demo_sources" \
    'full DWARF 4 of Rust and C in plain sections, inlined functions, line tables, legacy mangling'

export DEMO_CFLAGS='-O2 -g -gdwarf-5'
demo debuginfo -Cdwarf-version=5
run llvm-objcopy-22 --compress-debug-sections=zstd target/debuginfo/demo out/demo-x86_64-dwarf5-zstd
made demo-x86_64-dwarf5-zstd "$demo_sources" \
    'DWARF 5 of own crates beside DWARF 4 of the standard ones, sections compressed with zstd'

export DEMO_CFLAGS='-O2 -g'
demo lines
run llvm-objcopy-22 --compress-debug-sections=zlib target/lines/demo out/demo-x86_64-zlib
made demo-x86_64-zlib "$demo_sources" 'line tables only, sections compressed with zlib'

export DEMO_CFLAGS='-O2'
demo plain
run cp target/plain/demo out/demo-x86_64-symtab
made demo-x86_64-symtab "$demo_sources" \
    'a release build as it is by default: symbols, no DWARF; one crate in two versions, generics, C code'
run strip -o out/demo-x86_64-stripped target/plain/demo
made demo-x86_64-stripped "$demo_sources" 'the same without symbols: only panic locations and sections are left'
run cp target/plain/libplugin.so out/libplugin-x86_64.so
made libplugin-x86_64.so 'demo/plugin demo/shapes demo/vendor demo/Cargo.lock' \
    'a cdylib: two exports, the rest local symbols'

demo plain -Csymbol-mangling-version=v0
run cp target/plain/demo out/demo-x86_64-v0
made demo-x86_64-v0 "$demo_sources" 'v0 mangling, no DWARF: names carry crate, disambiguator and instantiating crate'

export DEMO_CFLAGS='-O2 -g'
demo lto
run cp target/lto/demo out/demo-x86_64-lto
made demo-x86_64-lto "$demo_sources" 'fat LTO, one unit per crate although all code was made at once'

run rustc --edition 2024 $map -Cpanic=abort -Copt-level=z -Clto=fat -Ccodegen-units=1 -Cstrip=symbols \
    -Clink-arg=-Wl,--pack-dyn-relocs=relr -o out/std-x86_64-stripped std/main.rs
made std-x86_64-stripped std/main.rs 'the standard library without symbols: panic locations, TLS, RELR'

### C: every machine

bare='c/bare.c c/operations.c'
bare_sources="$bare c/bare.h"
freestanding='-std=gnu11 -O1 -g -ffreestanding -fno-pic -no-pie -nostdlib -static -fno-stack-protector'
freestanding+=" -ffile-prefix-map=$build=/src"

# bare NAME COMPILER "EXERCISES" FLAGS...
bare() {
    local name=$1 compiler=$2 exercises=$3
    shift 3
    run "$compiler" $freestanding "$@" -o "out/$name" $bare -lgcc
    made "$name" "$bare_sources" "$exercises"
}

bare bare-i686 i686-linux-gnu-gcc '32 bits, little-endian: narrow headers and symbols'
bare bare-armhf arm-linux-gnueabihf-gcc 'Thumb: low bit of addresses, mapping symbols, .ARM.exidx, .ARM.attributes' \
    -mthumb -funwind-tables -Wl,--defsym=__aeabi_unwind_cpp_pr0=0
bare bare-s390x s390x-linux-gnu-gcc '64 bits, big-endian'
bare bare-mips mips-linux-gnu-gcc '32 bits, big-endian, section types of MIPS, .gnu.attributes' -Wl,-e,_start
bare bare-ppc64 powerpc64-linux-gnu-gcc '64 bits, big-endian, function descriptors in .opd' \
    -Wl,-z,max-page-size=4096
bare bare-riscv64 riscv64-linux-gnu-gcc 'compressed code, .riscv.attributes, linker relaxation'

unit_flags="-O1 -g -c -fcommon -ffunction-sections -fdata-sections -ffile-prefix-map=$build=/src"
run gcc $unit_flags -fno-pie -o out/unit-x86_64.o c/unit.c
made unit-x86_64.o c/unit.c 'an object file: no addresses, relocations in debug sections, a common symbol, section names reused'
run arm-linux-gnueabihf-gcc $unit_flags -mthumb -o out/unit-armhf.o c/unit.c
made unit-armhf.o c/unit.c 'an object file with REL relocations: addends in place'
run s390x-linux-gnu-gcc $unit_flags -o out/unit-s390x.o c/unit.c
made unit-s390x.o c/unit.c 'a big-endian object file with RELA relocations'
run gcc $unit_flags -fno-pie -o out/unit.o c/unit.c
run gcc $unit_flags -fno-pie -o out/list.o c/list.c
run ar crsD out/libunit-x86_64.a out/unit.o out/list.o
made libunit-x86_64.a 'c/unit.c c/list.c c/list.h' 'an archive: symbol index, two members'

### C: layouts of x86-64

hosted="-O1 -ffile-prefix-map=$build=/src"
list='c/main.c c/list.c'
list_sources="$list c/list.h"

for version in 2 3 4 5; do
    run gcc $hosted -gdwarf-$version -o out/list-x86_64-dwarf$version $list
    made list-x86_64-dwarf$version "$list_sources" "DWARF $version as gcc writes it, two units, start files without any"
done
run gcc $hosted -gdwarf-5 -gdwarf64 -o out/list-x86_64-dwarf64 $list
made list-x86_64-dwarf64 "$list_sources" 'DWARF 5 with 64-bit offsets'
run gcc $hosted -g -gz=zlib-gnu -o out/list-x86_64-zdebug $list
made list-x86_64-zdebug "$list_sources" 'debug sections in the old compressed form, .zdebug_*'
run gcc $hosted -g -o out/whole $list
run objcopy --only-keep-debug out/whole out/list-x86_64.debug
made list-x86_64.debug "$list_sources" 'debug information apart from its program: sections without bytes'
run gcc $hosted -g -o out/whole $list
run strip -o out/list-x86_64-debuglink out/whole
run objcopy --add-gnu-debuglink=out/list-x86_64.debug out/list-x86_64-debuglink
made list-x86_64-debuglink "$list_sources" 'a stripped program that names list-x86_64.debug, with the same build id'

run gcc $hosted -fPIE -pie -Wl,-z,pack-relative-relocs -o out/pointers-x86_64-relr c/pointers.c
made pointers-x86_64-relr c/pointers.c 'packed relative relocations, .relr.dyn'
run gcc $hosted -fPIE -pie -fuse-ld=lld -B/usr/lib/llvm-22/bin -Wl,--pack-dyn-relocs=android -o out/pointers-x86_64-android c/pointers.c
made pointers-x86_64-android c/pointers.c 'relocations packed as on Android, linked by lld'
run gcc $hosted -g -o out/tls-x86_64 c/tls.c
made tls-x86_64 c/tls.c '.tdata and .tbss: thread-local bytes that no address range holds'
run gcc $hosted -g -shared -fPIC -Wl,--version-script=c/versioned.map -Wl,-soname,libversioned.so.2 \
    -o out/libversioned-x86_64.so c/versioned.c
made libversioned-x86_64.so 'c/versioned.c c/versioned.map' 'symbol versions: two of one name, definitions and needs, a soname'
run gcc -nostdlib -static -Wl,--build-id=none -o out/overlap-x86_64 c/overlap.S
made overlap-x86_64 c/overlap.S 'symbols nested, aliased, crossing, without size, empty, longer than their section, absolute'
run gcc $freestanding -o out/bare $bare
run llvm-objcopy-22 --strip-sections out/bare out/bare-x86_64-nosections
made bare-x86_64-nosections "$bare_sources" 'segments only: no section headers at all'

cxx="-std=c++17 -O1 -fno-exceptions -fno-rtti -ffile-prefix-map=$build=/src"
run g++ $cxx -gdwarf-4 -fdebug-types-section -o out/stack-x86_64 c/stack.cpp c/stack_main.cpp
made stack-x86_64 'c/stack.cpp c/stack.hpp c/stack_main.cpp' \
    'C++: templates merged between units, virtual tables, guards, local names, .debug_types'

rm -rf "$build"
echo "$(ls "$bin" | wc -l) files, $(cat "$bin"/* | wc -c) bytes"
