# ELF programs and the files that hold their debug information: beside them, split, shared, inside.
#
# Packages: gcc binutils llvm-22 dwz elfutils xz-utils.

section apart rustc gcc ld objcopy llvm-objcopy-22 eu-strip dwp dwz xz

hosted="-O1 -ffile-prefix-map=$build=/src -fdebug-prefix-map=$build=/src"
list='c/main.c c/list.c'
list_sources="$list c/list.h"

unit_facts() {
    fact units 'llvm-dwarfdump-22 --debug-cu-index $file | grep -c "^ *[0-9][0-9]* 0x"'
}

### Beside the program

run gcc $hosted -g -o out/whole $list
made whole "$list_sources" 'a program with symbols and debug information'
fact text_bytes 'readelf -SW $file | sed -n "s/^ *\[ *[0-9]*\] \.text *PROGBITS *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\).*/0x\1/p" | xargs printf %d'
fact functions 'llvm-nm-22 $file | grep -ci " t "'
run objcopy --only-keep-debug out/whole out/bare.debug
run strip -o out/bare out/whole
run objcopy --add-gnu-debuglink=out/bare.debug out/bare
made bare "$list_sources" 'whole without symbols; names bare.debug, with its checksum'
fact crc32 'objcopy -O binary -j .gnu_debuglink --set-section-flags .gnu_debuglink=alloc $file /dev/stdout | tail -c 4 | od -An -tx4 | tr -d " "'
made bare.debug "$list_sources" 'debug information of bare by objcopy: sections without bytes'
run llvm-objcopy-22 --only-keep-debug out/whole out/bare-llvm.debug
made bare-llvm.debug "$list_sources" 'the same by llvm-objcopy'
run cp out/whole out/bare-elfutils
run eu-strip -f out/bare-elfutils.debug out/bare-elfutils
made bare-elfutils "$list_sources" 'whole without symbols by eu-strip; names bare-elfutils.debug'
made bare-elfutils.debug "$list_sources" 'its debug information'
run gcc $hosted -g -Wl,--build-id=none -o out/whole-noid $list
made whole-noid "$list_sources" 'a program without a build id'
run objcopy --only-keep-debug out/whole-noid out/bare-noid.debug
run strip -o out/bare-noid out/whole-noid
run objcopy --add-gnu-debuglink=out/bare-noid.debug out/bare-noid
made bare-noid "$list_sources" 'only the checksum says whether a file is of it'
made bare-noid.debug "$list_sources" 'debug information without an id'

### Inside the program: symbols compressed with xz, as Fedora has them

run llvm-objcopy-22 --strip-debug --remove-section .comment out/whole out/symbols
run objcopy --only-keep-debug out/symbols out/inside-symbols
run xz --keep --force --check=crc64 out/inside-symbols
run strip -o out/inside out/whole
run objcopy --add-section .gnu_debugdata=out/inside-symbols.xz out/inside
made inside "$list_sources" 'whole without symbols, but for those in .gnu_debugdata'

### Split units

for version in 4 5; do
    # The names of the other files are stated as they are given.
    run gcc $hosted -gdwarf-$version -gsplit-dwarf -c -o out/split$version-main.o c/main.c
    run gcc $hosted -gdwarf-$version -gsplit-dwarf -c -o out/split$version-list.o c/list.c
    run gcc -o out/split$version out/split$version-main.o out/split$version-list.o
    made split$version "$list_sources" "two skeletons of DWARF $version"
    made split$version-main.dwo 'c/main.c c/list.h' 'the unit of main.c'
    made split$version-list.dwo 'c/list.c c/list.h' 'the unit of list.c'
done
run dwp -o out/split4.dwp out/split4-main.dwo out/split4-list.dwo
made split4.dwp "$list_sources" 'both units in a package of version 2'
unit_facts
rust="--edition 2024 --remap-path-prefix=$build=/src -Cpanic=abort -Copt-level=1 -Ccodegen-units=1 -Cdebuginfo=2"
rust+=' -Cdwarf-version=5 -Csplit-debuginfo=unpacked -Csymbol-mangling-version=v0'
run rustc $rust --crate-type rlib --crate-name parts -Cextra-filename=-1 --out-dir out apart/parts.rs
run rustc $rust --crate-name rust -Cextra-filename=-2 --extern parts=out/libparts-1.rlib --out-dir out \
    -Clink-args='-nostartfiles -static -no-pie' -Crelocation-model=static apart/main.rs
run mv out/rust-2 out/rust
made rust 'apart/main.rs apart/parts.rs' 'Rust of two crates, units in files of their own'
for unit in out/parts-1.*.dwo out/rust-2.*.dwo; do
    made "$(basename "$unit")" 'apart/main.rs apart/parts.rs' 'a unit of it'
done

run rustc $rust -Csplit-debuginfo=packed --crate-name rust -Cextra-filename=-2 --extern parts=out/libparts-1.rlib \
    --out-dir out -Clink-args='-nostartfiles -static -no-pie' -Crelocation-model=static apart/main.rs
run mv out/rust-2.dwp out/rust.dwp
made rust.dwp 'apart/main.rs apart/parts.rs' 'the same units in a package of version 5'
unit_facts

### Shared texts

run gcc $hosted -g -o out/shared $list
run gcc $hosted -g -DSECOND -Wl,--build-id=0x0102030405060708 -o out/other $list
for name in shared other; do
    run objcopy --only-keep-debug out/$name out/$name.debug
done
run dwz -m out/common.debug -M common.debug out/shared.debug out/other.debug
run strip -o out/shared-bare out/shared
run mv out/shared-bare out/shared
made shared "$list_sources" 'without symbols and without a link: the build id is all'
made shared.debug "$list_sources" 'its debug information, with texts that are in common.debug'
made common.debug "$list_sources" 'what dwz found to be the same in two files'
