#!/bin/bash
# Runs the tests; the last line is "N passed, N failed, N skipped", above it each skip with its reason.
#   tools/test.sh            everything (make test)
#   tools/test.sh unit|asan|tsan|e2e|crash
# T=name: one unit test program.  K=expression: pytest's -k.  LOGFIRST_JOBS: default 2.
# crash: N=cycles  SEED=number  EVENTS=of a cycle  MATRIX=embedded+sqlite,...  RESULTS=file; without these as part of
# everything.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh
what=${1:-all}
T=${T:-} K=${K:-} N=${N:-} SEED=${SEED:-} EVENTS=${EVENTS:-} MATRIX=${MATRIX:-} RESULTS=${RESULTS:-}
jobs=${LOGFIRST_JOBS:-2}
export PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
started=$SECONDS

note() { printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$results/stages.tsv"; }
titled='' titled_at=0 durations=()
finish_stage() {
    [ -z "$titled" ] || durations+=("$(printf '%5d s  %s' $((SECONDS - titled_at)) "$titled")")
    titled=''
}
title() {
    finish_stage
    titled=$1 titled_at=$SECONDS
    printf -- '-- %s (after %d s)\n' "$1" $((SECONDS - started))
}

step() { # NAME COMMAND...: a check that passes or fails as one
    local name=$1
    shift
    title "$name"
    if "$@"; then note passed "$name"; else note failed "$name" "see above"; fi
}

# Builds FOLDER with its tests and runs them, or the one named by T.
unit() { # STAGE FOLDER ARGUMENTS OF meson test...
    local stage=$1 dir=$2 wrap=() report="$2/meson-logs/testlog.junit.xml" status=0
    shift 2
    title "$stage"
    if ! tools/build.sh "$dir" tests; then
        note failed "$stage: build in $dir" "see above"
        return 1
    fi
    # ThreadSanitizer cannot live with some kernels' address randomisation
    if [ "$dir" = build-tsan ] && setarch "$(uname -m)" -R true 2>/dev/null; then
        wrap=(setarch "$(uname -m)" -R)
    fi
    rm -f "$report"
    "${wrap[@]}" meson test -C "$dir" --no-rebuild --print-errorlogs --num-processes "$jobs" "$@" ${T:+"$T"} ||
        status=$?
    if [ -f "$report" ]; then
        cp "$report" "$results/$stage.xml"
    elif [ $status = 0 ]; then
        note skipped "$stage" "no such tests"
    fi
    # a report without a failure must not hide one
    if [ $status != 0 ] && ! grep -qE '<(failure|error)' "$report" 2>/dev/null; then
        note failed "$stage" "meson test ended with status $status"
    fi
}

python() { # STAGE ARGUMENTS OF pytest...
    local stage=$1 status=0
    shift
    title "$stage"
    "$LOGFIRST_PYTHON" -m pytest -p no:cacheprovider --quiet --junit-xml="$results/$stage.xml" "$@" || status=$?
    if [ $status = 5 ]; then
        note skipped "$stage" "no such tests"
    elif [ $status != 0 ] && ! grep -qE '<(failure|error)' "$results/$stage.xml" 2>/dev/null; then
        note failed "$stage" "pytest ended with status $status"
    fi
}

# The same with AddressSanitizer and UBSan in the server, without the tests that measure its memory, that take long by
# repeating, or in which it does nothing.
e2e_asan() {
    export LOGFIRST_BIN=$PWD/build-asan/logfirst
    compgen -G 'tests/e2e/test_*.py' >/dev/null || return 0
    python e2e-asan tests/e2e --ignore=tests/e2e/test_damage.py --ignore=tests/e2e/test_checker.py \
        --ignore=tests/e2e/test_harness.py --ignore=tests/e2e/test_json_schema_suite.py \
        -k 'not test_an_outage and not test_the_store_goes_away_under_load and not test_consumers_of_one_group' \
        --numprocesses "$jobs" --dist loadfile --timeout 600 -ra
}

e2e() {
    export LOGFIRST_BIN=$PWD/build/logfirst
    if [ ! -x "$LOGFIRST_BIN" ] && ! { tools/build.sh build && [ -x "$LOGFIRST_BIN" ]; }; then
        note failed "e2e" "no program build/logfirst"
        return 1
    fi
    if ! compgen -G 'tests/e2e/test_*.py' >/dev/null; then
        note skipped "e2e" "no tests in tests/e2e"
        return 0
    fi
    python e2e tests/e2e --numprocesses "$jobs" --dist loadfile --timeout 600 -ra "$@"
}

# The crash campaign in short, and the tests of the campaign itself, with a program that has crash points and defects.
crash() {
    export LOGFIRST_BIN=$PWD/build-crash/logfirst
    if ! tools/build.sh build-crash; then
        note failed "crash: build in build-crash" "see above"
        return 1
    fi
    python crash tests/crash --numprocesses "$jobs" --dist worksteal --timeout 1500 -ra "$@"
}

# As long as one wants.
campaign() {
    export LOGFIRST_BIN=$PWD/build-crash/logfirst
    tools/build.sh build-crash || return 1
    step "crash campaign" "$LOGFIRST_PYTHON" tests/crash/campaign.py --cycles "${N:-200}" ${SEED:+--seed "$SEED"} \
        ${EVENTS:+--events "$EVENTS"} ${MATRIX:+--matrix "$MATRIX"} ${RESULTS:+--results "$RESULTS"}
}

case $what in
all)
    step "include directions" python3 tools/check_deps.py
    step "house rules" python3 tools/check_house.py
    step "headers compile alone" tools/check.sh headers
    python tools tests/tools
    unit unit-gcc build
    step "manual pages and docs/configuration.md say what --help says" python3 tools/gen_docs.py build/logfirst --check
    unit unit-clang build-clang
    unit unit-asan build-asan --timeout-multiplier 4
    unit unit-tsan build-tsan --timeout-multiplier 8 --suite concurrent
    e2e
    e2e_asan
    crash
    ;;
unit) unit unit-gcc build ;;
asan) unit unit-asan build-asan --timeout-multiplier 4 ;;
tsan) unit unit-tsan build-tsan --timeout-multiplier 8 --suite concurrent ;;
e2e) tools/build.sh build && e2e ${K:+-k "$K"} ;;
crash) if [ -n "$N$SEED$EVENTS$MATRIX$RESULTS" ]; then campaign; else crash ${K:+-k "$K"}; fi ;;
*)
    echo "test.sh: unknown '$what'" >&2
    exit 2
    ;;
esac

finish_stage
printf '\n-- summary (%s, %d s)\n' "$what" $((SECONDS - started))
printf '%s\n' "${durations[@]}"
python3 tools/summary.py "$results"
