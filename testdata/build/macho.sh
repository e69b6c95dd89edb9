# Mach-O: the station for both machines with its debug information, and C programs for layouts.
# The linker is lld; of the system there is src/macho/libSystem.tbd, a list of the names it exports.
#
# Packages: rustc-web libstd-rust-web-dev rust-web-src (1.96), llvm-22, lld-22, clang-22,
# libclang-common-22-dev.

. "$here/build/std.sh"
section macho /usr/bin/rustc cargo clang-22 ld64.lld-22 dsymutil-22 llvm-lipo-22 llvm-ar-22

mkdir -p sdk/usr/lib
for library in System c m; do run cp macho/libSystem.tbd sdk/usr/lib/lib$library.tbd; done
mkdir -p tools
run ln -sf "$llvm/llvm-lipo" tools/lipo
export PATH=$build/tools:$llvm:$PATH
commands+=("export PATH=$build/tools:$llvm:\$PATH")
set_for_all SDKROOT "$build/sdk"
set_for_all MACOSX_DEPLOYMENT_TARGET 11.0
# Times of object files in debug maps, and of members in archives.
set_for_all ZERO_AR_DATE 1
sdk=("${commands[@]}")

# With `by`: what to hold against what a reader finds.
macho_facts() {
    fact uuid 'llvm-dwarfdump-22 --uuid $file | cut -d " " -f 2 | xargs'
    fact segments 'llvm-readobj-22 --macho-segment $file | grep -c "^Segment {"'
    fact sections 'llvm-readobj-22 --sections $file | grep -c "^  Section {"'
    fact text_bytes 'llvm-size-22 -m $file | sed -n "s/^\tSection __text: //p"'
    fact functions 'llvm-objdump-22 --macho --function-starts=addrs $file | grep -c "^[0-9a-f]\{16\}"'
    fact symbols 'llvm-nm-22 -a $file | wc -l'
}

map_facts() {
    fact uuid 'llvm-dwarfdump-22 --uuid $file | cut -d " " -f 2 | xargs'
    fact units 'llvm-dwarfdump-22 --debug-info $file | grep -c DW_TAG_compile_unit'
}

# rust NAME TARGET CLANG-TARGET VERSION FEATURES FLAGS "EXERCISES": the station, and the bundle of
# its first version.
rust() {
    local name=station-$1-$4 bundle
    bundle=$name.dSYM/Contents
    commands=("${sdk[@]}")
    with_sources
    set_for_all STATION_CC "clang-22 --target=$3 $station_c"
    set_for_all RUSTFLAGS "$remap -Clinker=ld64.lld -Clinker-flavor=ld64.lld -Clink-arg=-oso_prefix -Clink-arg=$build/ $6"
    station "$2" fixture "$5" build -p station --bin station
    run cp "target/$2/fixture/station" "out/$name"
    max=300000
    made "$name" "$station_sources" "Mach-O for $1, $4: $7"
    macho_facts
    [[ $4 == v1 ]] || return 0
    max=400000
    run dsymutil --oso-prepend-path="$build" -o "out/$name.dSYM" "out/$name"
    made "$bundle/Resources/DWARF/$name" "$station_sources" "DWARF of $name"
    map_facts
    made "$bundle/Info.plist" "$station_sources" 'what the bundle says of itself'
}

rust arm64 aarch64-apple-darwin arm64-apple-macos11 v1 native '-Csymbol-mangling-version=v0 -Clink-arg=-fixup_chains' \
    'v0 mangling, chained fixups, ad-hoc signature'
rust arm64 aarch64-apple-darwin arm64-apple-macos11 v2 native,v2 '-Csymbol-mangling-version=v0 -Clink-arg=-fixup_chains' \
    'v0 mangling, chained fixups, ad-hoc signature'
rust x86_64 x86_64-apple-darwin x86_64-apple-macos11 v1 native '' 'legacy mangling, rebase and bind opcodes'

max=300000
max=320000
run llvm-lipo-22 -create out/station-arm64-v1 out/station-x86_64-v1 -output out/station-universal-v1 
made station-universal-v1 "$station_sources" 'a universal file of both machines'
fact slices 'llvm-lipo-22 -archs $file | wc -w'
max=300000
run llvm-strip-22 -o out/station-x86_64-v1-stripped out/station-x86_64-v1
made station-x86_64-v1-stripped "$station_sources" 'stripped: what is left for dynamic linking'
macho_facts

# c_objects ARCH FLAGS: main.o and an archive with shelf.o, in a folder of that machine.
c_objects() {
    local arch=$1
    mkdir -p "out/$arch"
    for unit in main shelf; do
        run clang-22 "--target=$arch-apple-macos11" -Os -g "-ffile-prefix-map=$build=/src" -c -o "out/$arch/$unit.o" "macho/$unit.c"
    done
    run llvm-ar-22 rcsD "out/$arch/libshelf.a" "out/$arch/shelf.o"
}

# link ARCH PREFIX OUTPUT ARGUMENTS...: the debug map names objects as they lie below the prefix.
link() {
    local arch=$1 prefix=$2 output=$3
    shift 3
    run ld64.lld-22 -arch "$arch" -platform_version macos 11.0 11.0 -syslibroot sdk -lSystem -oso_prefix "$build/$prefix/" \
        -o "$output" "$@"
}

c_sources='macho/main.c macho/shelf.c macho/shelf.h'
for arch in arm64 x86_64; do
    c_objects $arch
    made $arch/main.o 'macho/main.c macho/shelf.h' "an object file for $arch: relocations, subsections via symbols, DWARF"
    fact symbols 'llvm-nm-22 -a $file | wc -l'
    made $arch/libshelf.a 'macho/shelf.c macho/shelf.h' "an archive for $arch: BSD names, symbol index"
    link $arch out/$arch out/$arch/shelf -fixup_chains out/$arch/main.o out/$arch/libshelf.a
    made $arch/shelf "$c_sources" "C for $arch: a debug map whose objects lie beside it, chained fixups, constructor, thread-local memory"
    macho_facts
    run llvm-strip-22 -S -o out/$arch/shelf-nostabs out/$arch/shelf
    made $arch/shelf-nostabs "$c_sources" 'the same without a debug map: symbols only'
    link $arch out out/shelf-$arch -fixup_chains out/$arch/main.o out/$arch/libshelf.a
done
run llvm-lipo-22 -create out/shelf-arm64 out/shelf-x86_64 -output out/shelf-universal
made shelf-universal "$c_sources" 'C for both machines: a debug map of each slice, objects in folders beside it'
run dsymutil --oso-prepend-path="$build/out" -o out/shelf-universal.dSYM out/shelf-universal
made shelf-universal.dSYM/Contents/Resources/DWARF/shelf-universal "$c_sources" 'DWARF of shelf-universal: universal itself'
map_facts
made shelf-universal.dSYM/Contents/Info.plist "$c_sources" 'what the bundle says of itself'
link arm64 out out/libshelf.dylib -dylib -install_name @rpath/libshelf.dylib out/arm64/shelf.o
made libshelf.dylib 'macho/shelf.c macho/shelf.h' 'a library: exports, an install name'
macho_facts
link x86_64 out out/shelf-classic -no_fixup_chains -dead_strip out/x86_64/main.o out/x86_64/shelf.o
made shelf-classic "$c_sources" 'rebase, bind, weak bind and lazy bind opcodes, stubs and their helper'
macho_facts
link x86_64 out out/shelf-relative -no_fixup_chains -init_offsets -no_function_starts -no_data_in_code_info \
    out/x86_64/main.o out/x86_64/shelf.o
made shelf-relative "$c_sources" 'offsets of initialisers, no function starts, no data in code'
