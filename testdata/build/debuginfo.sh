# Debug information apart from its program, on x86-64 Linux: a debug link, a symbol table packed
# into the program, split units as files and as a package, parts shared by several programs.
#
# Packages: gcc g++ binutils llvm-22 clang-22 xz-utils dwz.

section debuginfo rustc cargo gcc g++ ld objcopy strip clang-22 llvm-dwp-22 dwp xz dwz

map="-ffile-prefix-map=$build=/src -fdebug-prefix-map=$build=/src"
list_sources='c/main.c c/list.c c/list.h'
list="-O1 $map c/main.c c/list.c"

unit_facts() {
    fact units '{ llvm-dwarfdump-22 --debug-info $file 2>/dev/null || :; } | grep -c DW_TAG_compile_unit'
}

id_fact() {
    fact build_id 'llvm-readelf-22 -n $file 2>/dev/null | sed -n "s/.*Build ID: //p"'
}

# A debug link, and the file it names.
run gcc -g $list -o out/whole
run objcopy --only-keep-debug out/whole out/linked.debug
run strip -o out/linked out/whole
run objcopy --add-gnu-debuglink=out/linked.debug out/linked
made linked "$list_sources" 'stripped: names linked.debug and its CRC'
id_fact
fact debug_crc 'llvm-readelf-22 -x .gnu_debuglink $file | grep "^0x" | tail -1 | cut -c 12-19'
made linked.debug "$list_sources" 'what belongs to linked'
id_fact
unit_facts
run gcc -g -O2 $map c/main.c c/list.c -o out/other
run objcopy --only-keep-debug out/other out/other.debug
made other.debug "$list_sources" 'of another build: fits no program here'
id_fact

# A file of symbols only, packed: what distributions call mini debug information.
run objcopy --only-keep-debug --remove-section=.debug_* --remove-section=.comment out/whole out/mini.debug
run xz --format=xz --check=crc64 --keep --force out/mini.debug
run strip -o out/mini out/whole
run objcopy --add-section .gnu_debugdata=out/mini.debug.xz out/mini
made mini "$list_sources" 'stripped: .gnu_debugdata holds a symbol table, packed by xz'
fact functions_within 'objcopy --dump-section .gnu_debugdata=out/within.xz $file && xz -dkf out/within.xz && nm out/within | grep -ci " t "'

# within FOLDER COMMAND...: runs a command in a folder, so that what it names lies beside it.
within() {
    local place=$1
    shift
    commands+=("(cd $place && $*)")
    (cd "$place" && "$@")
}

# split VERSION COMPILER PACKER: units in files of their own, and packed.
split() {
    local version=$1 compiler=$2 packer=$3 place=out/split$1 unit
    mkdir -p "$place"
    for unit in main list; do
        within "$place" "$compiler" -O1 $map "-gdwarf-$version" -gsplit-dwarf -c "../../c/$unit.c" -o "$unit.o"
    done
    within "$place" "$compiler" -o program main.o list.o
    made "split$version/program" "$list_sources" "DWARF $version split by $compiler: skeletons and the names of main.dwo and list.dwo"
    fact skeletons '{ llvm-dwarfdump-22 --debug-info $file 2>/dev/null || :; } | grep -cE "DW_TAG_(skeleton|compile)_unit"'
    for unit in main list; do
        made "split$version/$unit.dwo" "c/$unit.c c/list.h" "DWARF $version: the unit apart"
        fact subprograms '{ llvm-dwarfdump-22 --debug-info $file 2>/dev/null || :; } | grep -c DW_TAG_subprogram'
    done
    within "$place" "$packer" -e program -o program.dwp
    made "split$version/program.dwp" "$list_sources" "DWARF $version: both units in a package by $packer"
    unit_facts
}

# Not llvm-dwp for what gcc writes as DWARF 5: its version 22 never ends.
split 4 gcc dwp
split 5 clang-22 llvm-dwp-22

# The demo by rustc: a package beside the program, one unit a crate.
set_for_all DEMO_MAP "$build=/src"
set_for_all DEMO_CFLAGS '-O2 -g'
set_for_all RUSTFLAGS "--remap-path-prefix=$build=/src -Csplit-debuginfo=packed -Cdwarf-version=5"
run cargo build --manifest-path demo/Cargo.toml --locked --profile whole
run cp target/whole/demo target/whole/demo.dwp out/
demo_sources='demo/app demo/shapes demo/vendor demo/Cargo.lock'
made demo "$demo_sources" 'Rust split into a package: skeletons of own crates, whole units of the standard library and of C'
unit_facts
fact skeletons 'llvm-dwarfdump-22 --debug-info $file | grep -c DW_TAG_skeleton_unit'
made demo.dwp "$demo_sources" 'the package of demo'
unit_facts

# Two programs that share a file with what both say.
cxx="-std=c++17 -O1 -fno-exceptions -fno-rtti $map"
run g++ $cxx -gdwarf-4 -o out/first c/stack.cpp c/stack_main.cpp
run g++ $cxx -gdwarf-4 -DNDEBUG -O2 -o out/second c/stack.cpp c/stack_main.cpp
run dwz -m out/common.dwz -M common.dwz out/first out/second
for name in first second; do
    made $name 'c/stack.cpp c/stack.hpp c/stack_main.cpp' 'by dwz: .gnu_debugaltlink names common.dwz and its build id'
    fact supplement 'llvm-readelf-22 -p .gnu_debugaltlink $file | sed -n "s/^.*] \(common.dwz\).*/\1/p"'
done
made common.dwz 'c/stack.cpp c/stack.hpp c/stack_main.cpp' 'what first and second share'
id_fact
