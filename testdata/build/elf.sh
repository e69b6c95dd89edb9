# ELF: the station for six machines of Linux, linked by GNU ld, and as firmware of a
# microcontroller, linked by lld with a memory map of its own.
#
# Packages: rustc-web libstd-rust-web-dev rust-web-src (1.96), llvm-22, lld-22, gcc, and gcc-aarch64-linux-gnu
# gcc-arm-linux-gnueabihf gcc-i686-linux-gnu gcc-riscv64-linux-gnu gcc-s390x-linux-gnu with their C libraries.

. "$here/build/std.sh"
section elf /usr/bin/rustc cargo {x86_64,aarch64,i686,riscv64,s390x}-linux-gnu-gcc arm-linux-gnueabihf-gcc \
    ld ld.lld-22 llvm-objcopy-22

elf_facts() {
    fact sections 'llvm-readobj-22 --sections $file | grep -c "^  Section {"'
    fact text_bytes 'llvm-readelf-22 -SW $file | sed "s/^ *\[ *//" | awk "\$2 == \".text\" { print \$6 }" | sed "s/^/0x/" | xargs printf "%d"'
    fact functions 'llvm-readelf-22 -sW $file | grep -c " FUNC .* [0-9][0-9]* [^ ]*$"'
    fact function_bytes 'llvm-nm-22 -S --defined-only $file | grep -i " t " | awk "{ print \$2 }" | sed "s/^/0x/" | xargs printf "%d\n" | paste -sd+ | bc'
    fact units 'llvm-dwarfdump-22 --debug-info $file | grep -c DW_TAG_compile_unit'
}

# linux NAME TARGET GCC VERSIONS FLAGS "EXERCISES"
linux() {
    local name=$1 target=$2 gcc=$3 version features
    for version in $4; do
        features=native
        [[ $version == v1 ]] || features=native,v2
        with_sources
        set_for_all STATION_CC "$gcc $station_c -fPIC"
        set_for_all RUSTFLAGS "$remap -Clinker=$gcc -Clink-arg=-Wl,--build-id=sha1 $5"
        station "$target" fixture "$features" build -p station --bin station
        run llvm-objcopy-22 --compress-debug-sections=zstd "target/$target/fixture/station" "out/station-$name-$version"
        made "station-$name-$version" "$station_sources" "$name, $version: DWARF, sections compressed with zstd$6"
        elf_facts
    done
}

linux x86_64 x86_64-unknown-linux-gnu x86_64-linux-gnu-gcc 'v1 v2' '' ', legacy mangling'
linux s390x s390x-unknown-linux-gnu s390x-linux-gnu-gcc 'v1 v2' -Csymbol-mangling-version=v0 ', v0 mangling, big-endian'
linux aarch64 aarch64-unknown-linux-gnu aarch64-linux-gnu-gcc 'v1 v2' -Csymbol-mangling-version=v0 ', v0 mangling'
linux armv7 armv7-unknown-linux-gnueabihf arm-linux-gnueabihf-gcc v1 '' ', Thumb and Arm code, .ARM.exidx'
linux i686 i686-unknown-linux-gnu i686-linux-gnu-gcc v1 '' ', 32 bits'
linux riscv64 riscv64gc-unknown-linux-gnu riscv64-linux-gnu-gcc v1 '' ', linker relaxation'

# Firmware: flash and RAM, data copied from one to the other at the start.
firmware_sources='station/firmware station/series station/report station/Cargo.toml station/Cargo.lock'
for version in v1 v2; do
    with_sources
    set_for_all RUSTFLAGS "$remap -Clinker=ld.lld-22 -Clinker-flavor=ld.lld -Clink-arg=--nmagic -Clink-arg=-Tlink.x -Clink-arg=-L$build/station/firmware"
    features=()
    [[ $version == v1 ]] || features=(--features v2)
    run cargo build -p firmware --manifest-path station/Cargo.toml --locked --profile fixture \
        --target thumbv7em-none-eabihf -Zbuild-std=core,alloc "${features[@]}"
    run cp target/thumbv7em-none-eabihf/fixture/firmware "out/firmware-thumbv7em-$version"
    made "firmware-thumbv7em-$version" "$firmware_sources" "bare metal, $version: .data in RAM and flash, two blocks of RAM, plain DWARF"
    elf_facts
    fact load_segments 'llvm-readelf-22 -lW $file | grep -c "^ *LOAD"'
done
run cp station/firmware/memory.x out/memory.x
made memory.x station/firmware/memory.x 'the memory map that the firmware was linked with'
