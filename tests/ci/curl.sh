#!/bin/sh
# Stands in for curl: answers from files, and writes down what it was asked.
set -eu
echo "curl $*" >>asked.txt
previous=
output=
for argument; do
    case $previous in --output) output=$argument ;; esac
    previous=$argument
done
case "$*" in
*/jobs/artifacts/*)
    [ ! -e expired ] || exit 22
    # What the branch has built lies in the same place.
    [ -e "$output" ] || exit 23
    ;;
*"--request P"*) ;;
*/notes*) cat notes.json ;;
*) exit 2 ;;
esac
