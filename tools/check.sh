#!/bin/bash
# The slower checks of `make check`; `tools/check.sh fmt` formats instead, `tools/check.sh headers` compiles headers.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh
status=0

c_files() { git ls-files --cached --others --exclude-standard -- '*.c' '*.h' | grep -Ev '/(data|corpus|golden)/'; }

step() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        status=1
    fi
}

format() { c_files | xargs -r -n 32 -P 2 "$LOGFIRST_CHECK_TOOLS/bin/clang-format" --dry-run -Werror --style=file; }

# Every header on its own: the public ones as C99 and as C++, the others as they are compiled here.
headers() {
    local header flags bad=0
    flags=$(for name in libuv rdkafka sqlite3 libcurl openssl yaml-0.1 libpq libpcre2-8 yyjson libllhttp \
        libmongoc-1.0 mongoc2; do
        pkg-config --cflags "$name" 2>/dev/null
    done)
    for header in $(git ls-files --cached --others --exclude-standard -- 'include/*.h'); do
        [ -f "$header" ] || continue
        gcc -x c -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -Iinclude "$header" || bad=1
        if command -v g++ >/dev/null; then
            g++ -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -Iinclude "$header" || bad=1
        fi
    done
    for header in $(git ls-files --cached --others --exclude-standard -- 'src/*.h'); do
        [ -f "$header" ] || continue
        printf '#include "%s"\n' "${header#src/}" |
            gcc -x c -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isrc -Iinclude $flags - || {
            echo "$header does not compile alone" >&2
            bad=1
        }
    done
    return $bad
}

# varFuncNullUB: NULL is a pointer here; ctu…: an address that is handed on is no value that is used
cppcheck_all() {
    cppcheck --quiet --project=build-clang/compile_commands.json --cppcheck-build-dir=build-clang/cppcheck \
        --enable=warning,portability --inline-suppr --error-exitcode=1 -j 2 --suppress='*:*/prefix/include/*' \
        --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=preprocessorErrorDirective \
        --suppress=checkersReport --suppress=normalCheckLevelMaxBranches --suppress=toomanyconfigs \
        --suppress=varFuncNullUB --suppress=ctuuninitvar --suppress=ctuPointerArith
}

case ${1:-all} in
fmt)
    c_files | xargs -r -n 32 "$LOGFIRST_CHECK_TOOLS/bin/clang-format" -i --style=file
    exit
    ;;
headers)
    headers
    exit
    ;;
esac

step "include directions" python3 tools/check_deps.py
step "house rules" python3 tools/check_house.py
step "format (make fmt repairs it)" format
step "headers alone" headers
step "build with clang" tools/build.sh build-clang tests
mkdir -p build-clang/cppcheck
step "clang-tidy" python3 tools/tidy.py build-clang
step "cppcheck" cppcheck_all
exit $status
