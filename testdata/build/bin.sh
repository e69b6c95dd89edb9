# ELF of x86-64 by rustup's compiler and of every machine by gcc: layouts of debug information,
# relocations, object files and archives.
#
# Packages: gcc g++ gcc-i686-linux-gnu gcc-arm-linux-gnueabihf gcc-s390x-linux-gnu
# gcc-mips-linux-gnu gcc-powerpc64-linux-gnu gcc-riscv64-linux-gnu llvm-22 lld-22.

section bin rustc cargo gcc {i686-linux-gnu,arm-linux-gnueabihf,s390x-linux-gnu,mips-linux-gnu}-gcc \
    {powerpc64-linux-gnu,riscv64-linux-gnu}-gcc g++ ld llvm-objcopy-22 ld.lld-22

### Rust

map="--remap-path-prefix=$build=/src"
export CARGO_NET_OFFLINE=true
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
