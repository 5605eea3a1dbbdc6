#!/bin/bash
# Runs the libFuzzer targets of tests/fuzz, one after the other.     F=name (default: all)  S=seconds each (default: 60)
# New inputs go to build-fuzz/corpus/TARGET, findings to build-fuzz/findings: copy what is worth keeping into
# tests/fuzz/corpus/TARGET, which every `make test` replays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh
seconds=${S:-60}
tools/build.sh build-fuzz

status=0 found=0
for program in $(find build-fuzz -type f -name "fuzz_${F:-*}" -perm -u+x | sort); do
    target=${program##*/fuzz_}
    found=1
    mkdir -p "build-fuzz/corpus/$target" build-fuzz/findings
    seeds=tests/fuzz/corpus/$target
    arguments=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=1
        -artifact_prefix="build-fuzz/findings/$target-")
    [ ! -f "tests/fuzz/dict/$target.dict" ] || arguments+=(-dict="tests/fuzz/dict/$target.dict")
    echo "== fuzz $target, $seconds s"
    if ! "$program" "${arguments[@]}" "build-fuzz/corpus/$target" $([ -d "$seeds" ] && echo "$seeds"); then
        echo "fuzz $target: FAILED, see build-fuzz/findings/" >&2
        status=1
    fi
done
[ $found = 1 ] || { echo "no fuzz target named fuzz_${F:-*} in build-fuzz" >&2; exit 1; }
exit $status
