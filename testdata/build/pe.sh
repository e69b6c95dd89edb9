# PE: the station by the GNU toolchain (COFF symbols, DWARF) and for MSVC (PDB) by lld.
# Import libraries for MSVC are made of the names that those of MinGW have; in place of the C
# runtime there is src/pe/runtime.c, enough to link with.
#
# Packages: rustc-web libstd-rust-web-dev rust-web-src (1.96), llvm-22, lld-22, clang-22,
# libclang-common-22-dev, gcc-mingw-w64-x86-64-posix.

. "$here/build/std.sh"
section pe /usr/bin/rustc cargo clang-22 lld-link-22 llvm-dlltool-22 x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-ld

export PATH=$llvm:$PATH
commands+=("export PATH=$llvm:\$PATH")
start=("${commands[@]}")

pe_facts() {
    fact sections 'llvm-readobj-22 --sections $file | grep -c "^  Section {"'
    fact text_bytes 'llvm-readobj-22 --sections $file | grep -A2 "Name: .text " | sed -n "s/.*VirtualSize: //p" | xargs printf "%d"'
    fact unwind_entries 'llvm-readobj-22 --unwind $file | grep -c "RuntimeFunction {"'
    fact imports 'llvm-readobj-22 --coff-imports $file | grep -c "Symbol: "'
}

pdb_facts() {
    fact guid 'llvm-pdbutil-22 dump --summary $file | sed -n "s/.*GUID: {\(.*\)}/\1/p"'
    fact age 'llvm-pdbutil-22 dump --summary $file | sed -n "s/.*Age: //p"'
    fact modules 'llvm-pdbutil-22 dump --modules $file | grep -c "^ *Mod [0-9]"'
    fact functions 'llvm-pdbutil-22 dump --symbols $file | grep -c "S_[GL]PROC32 "'
    fact publics 'llvm-pdbutil-22 dump --publics $file | grep -c S_PUB32'
    fact contributions 'llvm-pdbutil-22 dump --section-contribs $file | grep -c "SC\[" '
}

# CodeView without the command line, the folder and the name of the object as this machine has them.
codeview="-gcodeview -gno-codeview-command-line -ffile-compilation-dir=/src -ffile-prefix-map=$build=/src"

# libraries FOLDER MACHINE CLANG-TARGET: import libraries and the runtime.
libraries() {
    local folder=$1 machine=$2 target=$3 name flags
    mkdir -p "$folder"
    for name in kernel32 ntdll ws2_32 userenv advapi32 bcrypt dbghelp synchronization; do
        run bash pe/names.sh $name "$folder/$name.def"
        run llvm-dlltool-22 -m "$machine" -d "$folder/$name.def" -l "$folder/$name.lib"
    done
    flags="--target=$target -Os -g $codeview -ffreestanding -fno-builtin -fms-extensions"
    run clang-22 $flags -Xclang -object-file-name=runtime.obj -c pe/runtime.c -o "$folder/runtime.obj"
    run clang-22 --target="$target" -c pe/probe.S -o "$folder/probe.obj"
    run llvm-lib "/out:$folder/msvcrt.lib" "$folder/runtime.obj" "$folder/probe.obj"
}

# msvc NAME TARGET CLANG-TARGET VERSION FEATURES
msvc() {
    local name=station-msvc-$1-$4
    set_for_all STATION_BUILD "$build"
    set_for_all STATION_LIBRARIES "libraries-$1"
    with_sources
    set_for_all STATION_CC "clang-22 --target=$3 -Os -g $codeview -Xclang -object-file-name=checksum.obj"
    set_for_all RUSTFLAGS "$remap -Clinker=$build/pe/link.sh"
    run cargo rustc -p station --bin station --manifest-path station/Cargo.toml --locked --profile fixture --target "$2" \
        $with_std --features "$5" -- "-Clink-arg=/PDB:out/$name.pdb" -Clink-arg=/Brepro
    run cp "target/$2/fixture/station.exe" "out/$name.exe"
    max=300000
    made "$name.exe" "$station_sources pe/runtime.c pe/probe.S pe/link.sh" "PE for MSVC, $1, $4: $6"
    pe_facts
    max=350000
    made "$name.pdb" "$station_sources pe/runtime.c pe/probe.S pe/link.sh" "PDB of $name.exe"
    pdb_facts
}

libraries libraries-x86_64 i386:x86-64 x86_64-pc-windows-msvc
msvc x86_64 x86_64-pc-windows-msvc x86_64-pc-windows-msvc v1 native 'a PDB beside it, unwind data, thread-local storage'
msvc x86_64 x86_64-pc-windows-msvc x86_64-pc-windows-msvc v2 native,v2 'a PDB beside it, unwind data, thread-local storage'

# gnu VERSION FEATURES
gnu() {
    commands=("${start[@]}")
    with_sources
    set_for_all STATION_CC "x86_64-w64-mingw32-gcc-posix $station_c"
    set_for_all STATION_AR x86_64-w64-mingw32-ar
    set_for_all RUSTFLAGS "$remap -Clinker=x86_64-w64-mingw32-gcc-posix -Clink-arg=-Wl,--no-insert-timestamp"
    station x86_64-pc-windows-gnu fixture "$2" build -p station --bin station
    run cp target/x86_64-pc-windows-gnu/fixture/station.exe "out/station-gnu-x86_64-$1.exe"
    max=550000
    made "station-gnu-x86_64-$1.exe" "$station_sources" "PE by GNU tools, $1: COFF symbols, DWARF, a C runtime linked in"
    pe_facts
    fact symbols 'llvm-nm-22 $file | wc -l'
    fact units 'llvm-dwarfdump-22 --debug-info $file | grep -c DW_TAG_compile_unit'
    unset STATION_AR
}

gnu v1 native
gnu v2 native,v2

# Programs and libraries of C for three machines: what else a PE file and a PDB hold.
commands=("${start[@]}")
printf 'LIBRARY kernel32.dll\nEXPORTS\n ExitProcess%s\n GetTickCount%s\n' @4 @0 >system-x86.def
printf 'LIBRARY kernel32.dll\nEXPORTS\n ExitProcess\n GetTickCount\n' >system.def
commands+=("printf 'LIBRARY kernel32.dll\\nEXPORTS\\n ExitProcess%s\\n GetTickCount%s\\n' @4 @0 >system-x86.def"
    "printf 'LIBRARY kernel32.dll\\nEXPORTS\\n ExitProcess\\n GetTickCount\\n' >system.def")
run llvm-rc /fo program.res pe/program.rc
c_sources='pe/program.c macho/shelf.c macho/shelf.h'
max=120000

# program NAME CLANG-TARGET MACHINE DEFINITION LINK-FLAGS "EXERCISES": units in an archive and alone.
program() {
    local name=$1 target=$2 machine=$3 definition=$4 unit
    for unit in pe/program macho/shelf; do
        run clang-22 "--target=$target" -Os -g $codeview -Xclang "-object-file-name=${unit#*/}.obj" -ffreestanding -fasynchronous-unwind-tables \
            -fms-extensions -ffunction-sections -c -o "${unit#*/}.obj" $unit.c
    done
    run llvm-dlltool-22 -m "$machine" -k -d "$definition" -l system.lib
    run llvm-lib /out:shelf.lib shelf.obj
    run lld-link-22 /nologo /nodefaultlib /debug /pdbsourcepath:/src /pdbaltpath:%_PDB% "/pdb:out/${name%.*}.pdb" /Brepro $5 \
        "/out:out/$name" program.obj shelf.lib system.lib
    made "$name" "$c_sources" "$6"
    pe_facts
    made "${name%.*}.pdb" "$c_sources" "PDB of $name: a unit of its own and one from a library"
    pdb_facts
}

program shelf-arm64.exe aarch64-pc-windows-msvc arm64 system.def '/entry:program_start /subsystem:console' \
    'ARM64: packed unwind data'
program shelf-x86.dll i686-pc-windows-msvc i386 system-x86.def '/dll /entry:program_entry /implib:shelf-import.lib program.res' \
    'PE32, a library: exports, resources in two languages, base relocations, no .pdata'
program shelf-x86_64.dll x86_64-pc-windows-msvc i386:x86-64 system.def '/dll /entry:program_entry /implib:shelf-import.lib program.res' \
    'PE32+, a library: exports, resources in two languages'
run cp out/shelf-x86_64.dll out/shelf-overlay.dll
run eval "printf 'bytes behind the last section' >>out/shelf-overlay.dll"
made shelf-overlay.dll "$c_sources" 'the same with data behind the last section'
