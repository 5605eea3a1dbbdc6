#!/bin/bash
# Starts the quotes example in the foreground and prints curl lines once it is ready. Ctrl-C or SIGTERM drain and stop
# it: they reach the server itself.     tools/run.sh [options of logfirst up]
# Other addresses: LOGFIRST_LISTEN=127.0.0.1:9000 LOGFIRST_ADMIN=127.0.0.1:9001 make run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

listen=${LOGFIRST_LISTEN:-127.0.0.1:8080}
admin=${LOGFIRST_ADMIN:-127.0.0.1:8081}
server=$$ # of the server too: exec keeps it

announce() {
    local n
    for n in $(seq 300); do
        kill -0 "$server" 2>/dev/null || return 0
        if curl -fsS -o /dev/null --max-time 1 "http://$admin/health/ready" 2>/dev/null; then
            cat <<TRY

logfirst is ready. In another terminal, create a quote:

  curl -s http://$listen/graphql -H 'content-type: application/json' \\
    -d '{"query":"mutation { createQuote(amount: 99.5, customerId: \"c1\") { success eventId } }"}'

and read it back:

  curl -s http://$listen/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ quote(customerId: \"c1\") { customerId amount } }"}'

Ctrl-C stops the server; its data stays in ./logfirst-data.

TRY
            return 0
        fi
        sleep 0.1
    done
    echo "not ready after 30 s: see http://$admin/health/ready" >&2
}

announce &
exec build/logfirst up examples/quotes/schema.graphql "$@"
