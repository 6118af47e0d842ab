#!/bin/sh
# run-tests.sh - runs test programs one after the other: run-tests.sh BUILD PROGRAM...
#
# Each program finds the built program in $RINGFENCE and the generator in $WORLDGEN. The output of a
# program is shown only when it fails. The last line is the sum, alone: "N passed, N failed".
# The exit status is nonzero when any test failed or none ran.
set -eu
build=$1
shift
case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
RINGFENCE=$build/ringfence
WORLDGEN=$build/worldgen
# igraph and SQLite are not instrumented, so only our own leaks are told.
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export RINGFENCE WORLDGEN ASAN_OPTIONS UBSAN_OPTIONS
unset RINGFENCE_DB || true

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TMPDIR=$work
export TMPDIR
log=$work/log
passed=0
failed=0
for program in "$@"; do
    name=$(basename "$program")
    started=$(date +%s)
    code=0
    "$program" >"$log" 2>&1 </dev/null || code=$?
    seconds=$(($(date +%s) - started))
    # cmocka sums up each group: "[  PASSED  ] 7 test(s)." and "[  FAILED  ] 1 test(s), listed below:"
    good=$(sed -n 's/^\[  PASSED  \] \([0-9][0-9]*\) test(s)\..*/\1/p' "$log" |
        awk '{ n += $1 } END { print n + 0 }')
    bad=$(sed -n 's/^\[  FAILED  \] \([0-9][0-9]*\) test(s).*/\1/p' "$log" |
        awk '{ n += $1 } END { print n + 0 }')
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1 # it died before it could count, or a sanitizer ended it
    elif [ "$code" -eq 0 ] && [ "$good" -eq 0 ]; then
        bad=$((bad + 1))
        echo "$name: reported no tests" >>"$log"
    fi
    if [ "$bad" -gt 0 ]; then
        printf '%-28s %3d passed %3d FAILED %4d s (exit status %d)\n' \
            "$name" "$good" "$bad" "$seconds" "$code"
        sed 's/^/    /' "$log"
    else
        printf '%-28s %3d passed %14d s\n' "$name" "$good" "$seconds"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
