# Sourced by sections for targets that rustup has no standard library of here: rustc of Debian,
# which ships the sources of the standard library, driven by cargo of rustup.

commit=$(/usr/bin/rustc -vV | sed -n 's/^commit-hash: //p')
sources=$(readlink -f /usr/lib/rustlib/src/rust)

# Flags that leave no path of this machine in a binary.
remap="--remap-path-prefix=$sources=/rustc/$commit --remap-path-prefix=/usr/lib/rustlib/src/rust=/rustc/$commit"
remap+=" --remap-path-prefix=$registry=/src/cargo/registry/src/index --remap-path-prefix=$build=/src"

station_sources='station/app station/series station/report station/Cargo.toml station/Cargo.lock'
station_c="-Os -g -ffile-prefix-map=$build=/src"
with_std='-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size'

with_sources() {
    set_for_all RUSTC /usr/bin/rustc
    set_for_all RUSTC_BOOTSTRAP 1
}

# station TARGET PROFILE FEATURES ARGUMENTS...: builds what the arguments choose of the workspace.
station() {
    local target=$1 profile=$2 features=$3
    shift 3
    run cargo "$@" --manifest-path station/Cargo.toml --locked --profile "$profile" --target "$target" $with_std \
        --features "$features"
}
