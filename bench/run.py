#!/usr/bin/env python3
"""Measures Logfirst beside its limits and its peers, and writes bench/RESULTS.md, a section a part.

    make bench                     everything (about twenty minutes)
    make bench A='--only gateway'  parts: gateway, kafka, node, consumer, postgres, mongodb, workers, backlog, rebuild,
                                   readable, memory, codec; the sections of the other parts stay as they are
    make bench A='--seconds 3'     shorter runs

The parts gateway, kafka and node share a section, for their ratios are of one run: ask for them together. Only ratios
inside one run count. The Node programs come from LOGFIRST_BASELINES (default ../shared/baselines/node); they are left
out, and the results say so, where there is no such folder. A part that fails leaves its section as it was.
"""

import argparse
import sys
import traceback

import backlog
import consumers
import gateway
import payloads
import rebuild
import report
from measure import Servers, build_tools

MUTATIONS = ("gateway", "kafka", "node")
PARTS = {
    "consumer": consumers.into_sqlite,
    "postgres": consumers.into_postgres,
    "mongodb": consumers.into_mongodb,
    "workers": consumers.workers,
    "backlog": backlog.part,
    "rebuild": rebuild.part,
    "readable": gateway.readable,
    "memory": gateway.memory,
    "codec": payloads.part,
}


def parse():
    names = [*MUTATIONS, *PARTS]
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5, help="of each load run; numbers of events follow it")
    parser.add_argument("--only", help="comma-separated parts: " + ", ".join(names))
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else names
    unknown = [name for name in wanted if name not in names]
    if unknown or args.seconds < 1:
        parser.error(f"no part is called {', '.join(unknown)}" if unknown else "--seconds: at least 1")
    return args.seconds, wanted


def main():
    seconds, wanted = parse()
    build_tools()
    work = [(name, part) for name, part in PARTS.items() if name in wanted]
    if set(wanted) & set(MUTATIONS):
        work.insert(0, ("mutations", lambda servers, seconds: gateway.mutations(servers, seconds, wanted)))
    servers, failed = Servers(), []
    try:
        for name, part in work:
            try:
                report.write([part(servers, seconds)], sys.argv[1:])
            except Exception:  # the other parts are still wanted
                traceback.print_exc()
                failed.append(name)
    finally:
        servers.close()
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
