# Archives and objects of every format: libraries of Rust with their metadata, import libraries,
# bitcode, the ways in which archives keep names and their index.
#
# Packages: rustc-web libstd-rust-web-dev rust-web-src (1.96), llvm-22, lld-22, clang-22,
# libclang-common-22-dev, gcc, gcc-mingw-w64-x86-64-posix.

. "$here/build/std.sh"
section archive rustc /usr/bin/rustc cargo clang-22 llvm-ar-22 llvm-dlltool-22 ld.lld-22 ar x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-dlltool

export PATH=$llvm:$PATH
commands+=("export PATH=$llvm:\$PATH")
start=("${commands[@]}")
series_sources='station/series station/Cargo.toml station/Cargo.lock'
shelf_sources='macho/shelf.c macho/shelf.h'

members_fact() {
    fact members 'llvm-ar-22 t $file | wc -l'
}

# object NAME TARGET FLAGS "EXERCISES"
object() {
    run clang-22 "--target=$2" -Os -g "-ffile-prefix-map=$build=/src" -ffile-compilation-dir=/src $3 -c -o "out/$1" macho/shelf.c
    made "$1" "$shelf_sources" "$4"
}

commands=("${start[@]}")
object shelf-elf.o x86_64-linux-gnu '-ffunction-sections -fdata-sections' 'ELF: a section a function'
fact symbols 'llvm-nm-22 -a $file | wc -l'
object shelf-coff.obj x86_64-pc-windows-msvc \
    '-gcodeview -gno-codeview-command-line -Xclang -object-file-name=shelf.obj -ffunction-sections -fdata-sections' \
    'COFF: COMDAT sections, CodeView'
fact sections 'llvm-readobj-22 --sections $file | grep -c "^  Section {"'
object shelf-coff-x86.obj i686-pc-windows-gnu '' 'COFF of 32 bits: DWARF, names with a leading underscore'
object shelf-coff-arm64.obj aarch64-pc-windows-msvc \
    '-gcodeview -gno-codeview-command-line -Xclang -object-file-name=shelf.obj' 'COFF for ARM64'
object shelf-bitcode.o x86_64-linux-gnu -flto 'bitcode of LLVM in place of an object'
run clang-22 --target=arm64-apple-macos11 -Os -fembed-bitcode=all -c -o out/shelf-embedded.o macho/shelf.c
made shelf-embedded.o "$shelf_sources" 'Mach-O with bitcode in a section of its own'

# How archives keep names that are too long for their field, and their index.
long=a_name_that_is_too_long_for_the_field.o
run cp out/shelf-elf.o "out/$long"
for format in gnu bsd darwin coff; do
    case $format in
    darwin) run clang-22 --target=arm64-apple-macos11 -Os -c -o "out/$long" macho/shelf.c ;;
    coff) run cp out/shelf-coff.obj "out/$long" ;;
    *) run cp out/shelf-elf.o "out/$long" ;;
    esac
    run llvm-ar-22 rcsD "--format=$format" "out/libshelf-$format.a" "out/$long"
    made "libshelf-$format.a" "$shelf_sources" "an archive as $format keeps long names and the index"
    members_fact
done
run cp out/shelf-elf.o out/shelf.o
run env SYM64_THRESHOLD=0 llvm-ar-22 rcsD out/libshelf-sym64.a out/shelf.o
made libshelf-sym64.a "$shelf_sources" 'an index with offsets of 64 bits'
members_fact
run ar rcsDT out/libshelf-thin.a out/shelf-elf.o
made libshelf-thin.a "$shelf_sources" 'a thin archive: names shelf-elf.o beside it'
run llvm-ar-22 rcSD out/libshelf-noindex.a out/shelf.o out/shelf-bitcode.o
made libshelf-noindex.a "$shelf_sources" 'no index; an object and bitcode'
members_fact
run llvm-ar-22 rcsD out/libempty.a
made libempty.a '' 'an archive without members'

# Import libraries: short entries by LLVM, whole objects by GNU.
printf 'LIBRARY shelf.dll\nEXPORTS\n shelf_add\n shelf_count @7\n shelf_weight\n shelf_total DATA\n' >shelf.def
commands+=("printf 'LIBRARY shelf.dll\\nEXPORTS\\n shelf_add\\n shelf_count @7\\n shelf_weight\\n shelf_total DATA\\n' >shelf.def")
run llvm-dlltool-22 -m i386:x86-64 -d shelf.def -l out/shelf-import.lib
made shelf-import.lib '' 'an import library: short entries of a header and two names'
members_fact
run x86_64-w64-mingw32-dlltool -d shelf.def -l out/libshelf.dll.a --temp-prefix shelf
made libshelf.dll.a '' 'an import library by GNU tools: an object an entry'
members_fact

# The crate `series` as rustc archives it: with the standard library of rustup, and for others
# with one from source.
commands=("${start[@]}")
library() {
    run cargo build -p series --manifest-path station/Cargo.toml --locked --profile objects --target "$1" "${@:4}"
    run cp "target/$1/objects/libseries.rlib" "out/$2"
    made "$2" "$series_sources" "$3"
    members_fact
}

set_for_all RUSTFLAGS "$remap"
library x86_64-unknown-linux-gnu libseries-elf.rlib 'a library of Rust: metadata and an ELF object'
set_for_all RUSTFLAGS "$remap -Clinker-plugin-lto"
library x86_64-unknown-linux-gnu libseries-bitcode.rlib 'a library for LTO: metadata and bitcode'
with_sources
set_for_all RUSTFLAGS "$remap"
library aarch64-apple-darwin libseries-macho.rlib 'a library of Rust: metadata and a Mach-O object' -Zbuild-std=core,alloc
library x86_64-pc-windows-msvc libseries-coff.rlib 'a library of Rust: metadata and a COFF object' -Zbuild-std=core,alloc
library wasm32-unknown-unknown libseries-wasm.rlib 'a library of Rust: metadata and a WebAssembly object' -Zbuild-std=core,alloc
