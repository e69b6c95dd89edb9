#!/bin/bash
# names.sh LIBRARY FILE: a module definition with the names that MinGW's import library has.
set -euo pipefail
{
    echo "LIBRARY $1.dll"
    echo EXPORTS
    llvm-nm-22 "/usr/x86_64-w64-mingw32/lib/lib$1.a" 2>/dev/null | sed -n 's/.* T //p' | sort -u
} >"$2"
