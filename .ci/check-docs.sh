#!/bin/bash
# check-docs.sh - runs every command of the documents: the ```sh blocks of README.md and docs/*.md.
#
# The blocks of one file are one script, run by sh -eu in a fresh folder that looks like the checkout
# after `make demo` (build/ and datasets/ are there, build/ on the PATH). Lines that begin with `make`
# are left out here: .ci/run runs them itself, in a fresh clone. Also checks the manual page, the links
# between documents, that every command of the program is in the manual page, and every part of a score
# in docs/scoring.md.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() { # NAME STATUS [LOG]
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1"
        [ $# -lt 3 ] || tail -n 15 "$3" | sed 's/^/    /'
    fi
}

for document in README.md docs/*.md; do
    folder=$work/$(basename "$document" .md)
    mkdir "$folder"
    ln -s "$root/build" "$folder/build"
    ln -s "$root/datasets" "$folder/datasets"
    awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 }
         inside && !/^make( |$)/ { print }' "$document" >"$folder/.script"
    code=0
    (cd "$folder" && env -u RINGFENCE_DB PATH="$root/build:$PATH" NO_COLOR=1 \
        sh -eux .script >.log 2>&1 </dev/null) || code=$?
    verdict "commands of $document" "$code" "$folder/.log"
done

code=0
mandoc -T lint -W warning docs/ringfence.1 >"$work/lint" 2>&1 || code=$?
verdict 'manual page' "$code" "$work/lint"

code=0
build/ringfence --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$work/commands"
while read -r command; do
    grep -q "^\.It Cm $command" docs/ringfence.1 || { echo "$command" && code=1; }
done <"$work/commands" >"$work/missing"
verdict 'every command is in the manual page' "$code" "$work/missing"

code=0
sqlite3 build/demo/demo.db 'SELECT DISTINCT part FROM score_part' >"$work/parts" || code=$?
while read -r part; do
    grep -q "^| $part |" docs/scoring.md || { echo "$part" && code=1; }
done <"$work/parts" >"$work/missing"
verdict 'every part of a score is in docs/scoring.md' "$code" "$work/missing"

code=0
for document in README.md docs/*.md; do
    while read -r target; do
        case $target in
        http*) ;;
        *) [ -e "$(dirname "$document")/${target%%#*}" ] || { echo "$document: $target" && code=1; } ;;
        esac
    done < <(grep -o '](\([^)]*\))' "$document" | sed 's/^](//; s/)$//')
done >"$work/links"
verdict 'links between documents' "$code" "$work/links"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
