#!/bin/sh
# setup.sh - installs the Debian packages that building needs and that are missing, and says so.
#
#   sh .ci/setup.sh         what `make demo` and `make test` need
#   sh .ci/setup.sh --bench also what `make bench` needs
#   sh .ci/setup.sh --ci    also what the checks of .ci/run need
#
# Silent, and without any network, when nothing is missing. Uses sudo when not root.
set -eu

build_packages='gcc make libc6-dev libsqlite3-dev libigraph-dev libcsv-dev libcmocka-dev
    libjansson-dev libsodium-dev libsmartcols-dev libinih-dev'
bench_packages='python3 python3-venv'
ci_packages="$bench_packages git clang-format-14 clang-14 libclang-rt-14-dev mandoc sqlite3"

wanted=$build_packages
case ${1:-} in
--bench) wanted="$build_packages $bench_packages" ;;
--ci) wanted="$build_packages $ci_packages" ;;
esac

# One line a package: what it is for. Shown before anything is installed.
purpose() {
    case $1 in
    gcc | make | libc6-dev) echo 'compiles the program' ;;
    libsqlite3-dev) echo 'the database: one file, no server (SQLite 3.37 or later)' ;;
    libigraph-dev) echo 'judges our communities in the tests (igraph 0.10)' ;;
    libcsv-dev) echo 'reads CSV (libcsv 3.0)' ;;
    libcmocka-dev) echo 'runs the tests (cmocka 1.1)' ;;
    libjansson-dev) echo 'reads JSON (jansson 2.13 or later)' ;;
    libsodium-dev) echo 'digests of files (libsodium 1.0)' ;;
    libsmartcols-dev) echo 'prints tables (util-linux 2.36 or later)' ;;
    libinih-dev) echo 'reads configuration files (inih 53 or later)' ;;
    clang-format-14) echo 'checks the layout of the source' ;;
    clang-14 | libclang-rt-14-dev) echo 'fuzzes the readers' ;;
    python3) echo 'drives the benchmarks' ;;
    python3-venv) echo 'holds the programs that benchmarks compare with' ;;
    mandoc) echo 'checks the manual page' ;;
    sqlite3) echo 'runs the SQL of the documents' ;;
    *) echo 'used by the checks' ;;
    esac
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    # Not Debian: leave the choice of packages to the person, but do not stand in the way of a
    # machine where everything is there already.
    if "${CC:-cc}" -fsyntax-only -isystem /usr/include/igraph -xc - 2>/dev/null <<'END'; then
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <csv.h>
#include <igraph.h>
#include <ini.h>
#include <jansson.h>
#include <libsmartcols/libsmartcols.h>
#include <sodium.h>
#include <sqlite3.h>
END
        exit 0
    fi
    echo 'setup: there is no apt here, so nothing can be installed for you. Ringfence needs a C17'
    echo 'compiler, GNU make, and these libraries with their headers:'
    for package in $build_packages; do
        case $package in
        lib*) [ "$package" = libc6-dev ] ||
            printf '    %-12s %s\n' "$(echo "$package" | sed 's/^lib//; s/-dev$//')" \
                "$(purpose "$package")" ;;
        esac
    done
    echo 'Install them with the package manager of this system, then run make again.'
    exit 1
fi >&2

missing=
for package in $wanted; do
    case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
    *' installed') ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

{
    echo 'setup: these Debian packages are missing and will be installed:'
    for package in $missing; do
        printf '    %-20s %s\n' "$package" "$(purpose "$package")"
    done
} >&2

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        {
            echo 'setup: installing needs root, and there is no sudo here. As root, run:'
            echo "    apt-get install --no-install-recommends$missing"
            echo 'and then run make again.'
        } >&2
        exit 1
    fi
    echo 'setup: asking sudo for the right to install them' >&2
    as_root='sudo'
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# -o Acquire::Retries: a mirror that drops one connection must not fail the whole set-up.
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null
}
apt update || {
    # An unreachable extra source is no reason to stop: the lists at hand may be enough.
    echo 'setup: apt-get update failed; going on with the package lists at hand' >&2
    tail -n 3 "$log" >&2
}
# shellcheck disable=SC2086 # the list is meant to be split
if ! apt install -y --no-install-recommends $missing; then
    tail -n 20 "$log" >&2
    echo 'setup: apt-get could not install them (its last lines are above). Put that right, or' >&2
    echo "install by hand:$missing" >&2
    exit 1
fi
echo 'setup: done' >&2
