#!/bin/bash
# Configures a build folder once and compiles it.     tools/build.sh FOLDER [tests]
#   build        gcc, release; its program is build/logfirst      build-asan   AddressSanitizer and UBSan
#   build-clang  clang, release                                   build-tsan   ThreadSanitizer
#   build-fuzz   clang, libFuzzer with ASan and UBSan         build-crash  gcc, release, with what tests/crash needs
# Without "tests" nothing of cmocka is needed; a folder that once had the tests keeps them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh

dir=${1:?folder}
with_tests=${2:-}
options=(--buildtype=release -Dwerror=true)
sanitized=(--buildtype=debugoptimized)
case $dir in
build) ;;
build-crash) options+=(-Dcrash_points=true) ;;
build-clang)
    export CC=clang
    ;;
build-asan)
    options=("${sanitized[@]}" -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all)
    ;;
build-tsan)
    options=("${sanitized[@]}" -Db_sanitize=thread)
    ;;
build-fuzz)
    export CC=clang
    options=("${sanitized[@]}" -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true
        -Dc_args=-fno-sanitize-recover=all)
    ;;
*)
    echo "build.sh: unknown folder '$dir'" >&2
    exit 2
    ;;
esac

quietly() { # the output matters only if it fails
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

if [ ! -f "$dir/build.ninja" ]; then
    rm -rf "$dir"
    quietly meson setup "$dir" "${options[@]}" -Dtests="$([ -n "$with_tests" ] && echo enabled || echo disabled)"
elif [ -n "$with_tests" ] && [ ! -f "$dir/.with-tests" ]; then
    quietly meson configure "$dir" -Dtests=enabled
fi
[ -z "$with_tests" ] || touch "$dir/.with-tests"
targets=() # all
case $dir in
build-fuzz) targets=(fuzz) ;;
build-tsan) # the test programs with threads alone: nothing else is run there
    quietly ninja -C "$dir" build.ninja
    mapfile -t targets < <(meson introspect "$dir" --tests | python3 -c '
import json, os, sys
for test in json.load(sys.stdin):
    if any(suite.split(":")[-1] == "concurrent" for suite in test["suite"]):
        print(os.path.relpath(test["cmd"][0], sys.argv[1]))' "$PWD/$dir" | sort -u)
    ;;
esac
if [ -t 1 ]; then
    exec ninja -C "$dir" "${targets[@]}"
fi
quietly ninja -C "$dir" "${targets[@]}"
