# Where the dependencies are. Source it from the project's root: `. tools/env.sh` (any POSIX shell).
# All of them live outside the tree, below LOGFIRST_DEPS, put there by tools/install-deps.sh.

LOGFIRST_DEPS=${LOGFIRST_DEPS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/logfirst}
LOGFIRST_VENV=$LOGFIRST_DEPS/venv
LOGFIRST_KAFKA_LIBS=$LOGFIRST_DEPS/kafka/libs
LOGFIRST_NODE_MODULES=$LOGFIRST_DEPS/node/node_modules
LOGFIRST_APICURIO=$LOGFIRST_DEPS/apicurio
LOGFIRST_JSON_SCHEMA_SUITE=$LOGFIRST_DEPS/json-schema-suite
LOGFIRST_CHECK_TOOLS=$LOGFIRST_DEPS/check
LOGFIRST_FERRETDB=$LOGFIRST_DEPS/ferretdb/ferretdb
export LOGFIRST_DEPS LOGFIRST_VENV LOGFIRST_KAFKA_LIBS LOGFIRST_NODE_MODULES LOGFIRST_JSON_SCHEMA_SUITE
export LOGFIRST_APICURIO LOGFIRST_CHECK_TOOLS
export LOGFIRST_FERRETDB

# yyjson.pc and libllhttp.pc are here where the distribution has no package of them
case ":${PKG_CONFIG_PATH:-}:" in
*":$LOGFIRST_DEPS/prefix/lib/pkgconfig:"*) ;;
*) PKG_CONFIG_PATH=$LOGFIRST_DEPS/prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} ;;
esac
NODE_PATH=$LOGFIRST_NODE_MODULES
export PKG_CONFIG_PATH NODE_PATH

# the tests' Python, or any Python 3 where they are not installed
if [ -x "$LOGFIRST_VENV/bin/python3" ]; then
    LOGFIRST_PYTHON=$LOGFIRST_VENV/bin/python3
else
    LOGFIRST_PYTHON=python3
fi
export LOGFIRST_PYTHON
