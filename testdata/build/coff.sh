# COFF: one of each structure of images and object files, in C and C++, for three machines, by
# clang and lld as Microsoft's tools would lay them out and by GNU tools.
#
# Packages: llvm-22, lld-22, clang-22, gcc-mingw-w64-x86-64-posix.

section coff clang-22 lld-link-22 llvm-rc-22 x86_64-w64-mingw32-gcc-posix

coff_facts() {
    fact sections 'llvm-readobj-22 --sections $file | grep -c "^  Section {"'
    fact unwind_entries 'llvm-readobj-22 --unwind $file | { grep -c "RuntimeFunction {" || true; }'
}

image_facts() {
    coff_facts
    fact imports 'llvm-readobj-22 --coff-imports $file | { grep -c "Symbol: " || true; }'
    fact exports 'llvm-readobj-22 --coff-exports $file | { grep -c "Export {" || true; }'
    fact relocations 'llvm-readobj-22 --coff-basereloc $file | { grep -c "Type: [^A]" || true; }'
}

flags="-Os -ffreestanding -fno-builtin -fasynchronous-unwind-tables -fms-extensions -ffile-compilation-dir=/src"

# plugin NAME TARGET MACHINE DEFINITIONS GUARD-FLAG LINK-FLAGS...
plugin() {
    local name=$1 target=$2 machine=$3 suffix=$4 guard=$5
    shift 5
    for library in kernel32 user32; do
        run llvm-dlltool-22 -k -m "$machine" -d "coff/$library$suffix.def" -l "$library-$name.lib"
    done
    run clang-22 "--target=$target" $flags $guard -c coff/plugin.c -o "plugin-$name.obj"
    run llvm-rc-22 /fo plugin.res coff/plugin.rc
    run lld-link-22 /dll /nodefaultlib /entry:start /def:coff/plugin.def "/out:out/plugin-$name.dll" /Brepro /debug \
        "/pdb:plugin-$name.pdb" /pdbaltpath:plugin.pdb /delayload:user32.dll "$@" "plugin-$name.obj" plugin.res \
        "kernel32-$name.lib" "user32-$name.lib"
    made "plugin-$name.dll" "coff/plugin.c coff/plugin.def coff/plugin.rc" \
        "DLL for $name: exports, imports, delayed imports, resources, relocations, link to a PDB"
    image_facts
}

plugin x86_64 x86_64-pc-windows-msvc i386:x86-64 '' '-Xclang -cfguard' /guard:cf
plugin aarch64 aarch64-pc-windows-msvc arm64 '' ''
plugin i686 i686-pc-windows-msvc i386 -i686 '' /safeseh:no

run clang-22 --target=x86_64-pc-windows-msvc $flags -fcxx-exceptions -fexceptions -c coff/catcher.cpp -o catcher.obj
run lld-link-22 /dll /nodefaultlib /entry:start /out:out/catcher-x86_64.dll /Brepro catcher.obj
made catcher-x86_64.dll coff/catcher.cpp 'tables of C++ exceptions, decorated names'
image_facts

# unit FILE COMPILER...: an object file.
unit() {
    local file=$1
    shift
    run "$@" -c coff/unit.c -o "out/$file"
    made "$file" coff/unit.c "object file: $*"
    coff_facts
    fact symbols 'llvm-readobj-22 --symbols $file | grep -c "^  Symbol {"'
}

unit unit-x86_64.obj clang-22 --target=x86_64-pc-windows-msvc -O1 -ffunction-sections -gcodeview \
    -gno-codeview-command-line -ffile-compilation-dir=/src -Xclang -object-file-name=unit.obj
unit unit-aarch64.obj clang-22 --target=aarch64-pc-windows-msvc -O1 -ffunction-sections
unit unit-i686.obj clang-22 --target=i686-pc-windows-msvc -O1
unit unit-gnu-x86_64.o x86_64-w64-mingw32-gcc-posix -O1 -gdwarf-4 -ffunction-sections "-fdebug-prefix-map=$build=/src"
unit unit-big-x86_64.o x86_64-w64-mingw32-gcc-posix -O1 -Wa,-mbig-obj

run llvm-lib-22 /def:coff/kernel32.def /machine:x64 /out:out/kernel32-x86_64.lib
made kernel32-x86_64.lib coff/kernel32.def 'import library with short import objects'
