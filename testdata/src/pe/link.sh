#!/bin/bash
# lld-link for rustc: paths are made relative to the build folder, files of rustc's temporary folder
# get a fixed one, so that neither is in the PDB.
set -euo pipefail
cd "$STATION_BUILD"
mkdir -p link
arguments=()
for argument in "$@"; do
    if [[ $argument == */rustc??????/* && -f $argument ]]; then
        cp "$argument" "link/${argument##*/}"
        argument=link/${argument##*/}
    fi
    arguments+=("${argument//"$STATION_BUILD/"/}")
done
exec lld-link "${arguments[@]}" /pdbsourcepath:/src "/libpath:$STATION_LIBRARIES" kernel32.lib
