# Sourced by build.sh: running commands, keeping them for the manifest, checking what was made.

# Always the same folder, because parts of a binary depend on where it was built.
build=/tmp/bloat-testdata
llvm=/usr/lib/llvm-22/bin

export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0
export RUSTUP_TOOLCHAIN=1.95.0
export CARGO_TARGET_DIR=$build/target CARGO_INCREMENTAL=0
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CFLAGS RUSTC RUSTC_BOOTSTRAP

# Where cargo unpacks packages, and how the manifest says it.
registry=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*)
any_registry='$(echo $CARGO_HOME/registry/src/*)'

commands=()
max=300000

fail() {
    echo "error: $*" >&2
    exit 1
}

# section FOLDER TOOL...: what follows is made for this folder, with these tools.
section() {
    folder=$here/$1
    manifest=$here/manifest/$1.toml
    shift
    rm -rf "$folder" "$build"/{out,src,c,demo,station,std,macho,pe,coff,wasm}
    mkdir -p "$folder" "$here/manifest" "$build/out"
    cp -r "$here"/src/* "$build"
    cd "$build" || exit 1
    {
        echo "# Written by build.sh: the files of $(basename "$folder")/, how each was made and what it is for."
        echo '# Commands run one after another in a folder that holds a copy of src/, so a later file may'
        echo '# use what was made for an earlier one; `out/` is what ends up here. `facts` are what other'
        echo '# tools say of the file, each with the command that says it; $file is the file.'
        echo
        echo '[tools]'
        for tool in "$@"; do tool "$tool"; done
    } >"$manifest"
}

# Says what a tool is, in the first line of what it says about itself.
tool() {
    command -v "$1" >/dev/null || fail "$1 is missing"
    printf '"%s" = "%s"\n' "$1" "$("$1" --version | sed -n '/[0-9]\.[0-9]/{s/"//g;s/^ *//;p;q}')"
}

# A text for TOML, as it is unless it holds a single quote.
text() {
    case $1 in
    *\'*) printf "'''%s'''" "$1" ;;
    *) printf "'%s'" "$1" ;;
    esac
}

# Runs a command and keeps it for the manifest.
run() {
    echo "+ $*"
    commands+=("$*")
    "$@"
}

# set_for_all NAME VALUE: an environment variable of the commands that follow.
set_for_all() {
    export "$1=$2"
    commands+=("export $1=\"$2\"")
}

# made FILE "SOURCES" "WHAT IT EXERCISES": the commands since the last one made this file.
made() {
    local file=$1 sources=$2 exercises=$3 bytes
    mkdir -p "$folder/$(dirname "$file")"
    cp "out/$file" "$folder/$file"
    chmod 644 "$folder/$file"
    bytes=$(stat -c %s "$folder/$file")
    ((bytes <= max)) || fail "$file has $bytes bytes, more than $max"
    check_paths "$folder/$file"
    {
        printf '\n[[file]]\nname = "%s"\nsources = [' "$file"
        printf '"%s", ' $sources | sed 's/, $//'
        printf ']\ncommands = [\n'
        for command in "${commands[@]}"; do printf '    %s,\n' "$(text "${command//"$registry"/$any_registry}")"; done
        printf ']\nexercises = "%s"\nbytes = %s\nsha256 = "%s"\n' \
            "$exercises" "$bytes" "$(sha256sum "$folder/$file" | cut -d ' ' -f 1)"
    } >>"$manifest"
    commands=()
    subject=$folder/$file
    has_facts=
}

# fact NAME COMMAND: what another tool says of the file that was made last.
fact() {
    local value
    value=$(file=$subject bash -o pipefail -c "$2") || [[ $value == 0 ]] || fail "no $1: $2"
    [[ $value =~ ^[0-9]+$ ]] || value="\"$value\""
    {
        [[ $has_facts ]] || printf '\n[file.facts]\n'
        printf '%s = { is = %s, by = %s }\n' "$1" "$value" "$(text "$2")"
    } >>"$manifest"
    has_facts=1
}

# No path of the machine that built it may be in a file, compressed parts included.
check_paths() {
    local plain=$build/plain found
    llvm-objcopy-22 --decompress-debug-sections "$1" "$plain" 2>/dev/null || cp "$1" "$plain"
    if found=$(strings -a "$1" "$plain" | grep -E -e "$build|$here|$HOME/|/root/|/home/|/tmp/|https?://|crates\.io" |
        grep -vF http://www.apple.com/DTDs/); then
        fail "$1 holds paths: $found"
    fi
}
