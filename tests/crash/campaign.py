#!/usr/bin/env python3
"""The crash campaign: kills, freezes, cuts and fills up everything that Logfirst runs with, cycle after cycle, and lets
a checker outside look at what is left. All that is done follows from the seed.

    tests/crash/campaign.py --cycles 2000 --results FILE     goes on where FILE ends; exit status 1 if anything is wrong
    make crash N=2000 SEED=7 MATRIX=kafka+postgres           the same

The program must have been built with -Dcrash_points=true (tools/build.sh build-crash); LOGFIRST_BIN names it.
"""

import argparse
import collections
import contextlib
import json
import pathlib
import random
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness.checker import Violation, report  # noqa: E402
from harness.graphql import unique  # noqa: E402
from harness.process import scratch  # noqa: E402

import logs  # noqa: E402
import plan  # noqa: E402
import stores  # noqa: E402
from world import World  # noqa: E402


class Servers:
    """Brokers and databases: started when first needed, shared by all worlds, ended by close()."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}

    def get(self, kinds, name):
        if name not in self.running:
            self.running[name] = kinds.SERVERS[name](self.folder)
        return self.running[name]

    def close(self):
        while self.running:
            self.running.popitem()[1].close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def run_world(told, servers, folder, seed, events, replay=True, **keywords):
    """Runs one world and judges it: a dict for the results file."""
    started = time.monotonic()
    if told.cell.store == "mongodb":
        events = min(events, plan.SMALL_EVENTS)
    name = unique(f"w{told.number}").replace("-", "_")
    folder = folder / name
    server = servers.get(stores, told.cell.store)
    log = servers.get(logs, told.cell.log).log(folder / "log", name)
    world = World(told, log, server.store(folder, name), folder, seed, events, **keywords)
    done = 0

    def count(number):
        nonlocal done
        done = number + 1

    try:
        world.begin().run(count)
        violations = world.finish()
        if replay:
            violations += world.replay(server.store(folder, name + "_again"))
    except Exception as error:  # whatever it is: a world that does not come to its end is one that broke a promise
        violations = [Violation("I14", f"{error}\n{traceback.format_exc()}")]
        with contextlib.suppress(Exception):
            violations += world.post_mortem()
    finally:
        world.close()
    faults = collections.Counter(fault.kind for cycle in told.cycles for fault in cycle)
    acknowledged = len({ack.event_id for ack in world.load.acknowledged})
    return {
        "seed": seed, "world": told.number, "cell": str(told.cell), "workers": told.workers,
        "cycles": done, "of": len(told.cycles),
        "faults": dict(sorted(faults.items())), "points_hit": world.points_hit, "acknowledged": acknowledged,
        "unknown": len(world.history.attempts), "logged": len(world.history.log), "stored": len(world.history.stored),
        "dead": len(world.history.dead), "snapshots": len(world.history.snapshots),
        "states_seen": len(world.history.seen), "excused": world.excused,
        "seconds": round(time.monotonic() - started, 1),
        "violations": [str(violation) for violation in violations[:50]],
        "verdict": report(violations) if violations else "good", "folder": str(folder),
    }  # fmt: skip


def read_results(path, seed):
    """The lines of this seed, by the number of the world."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {line["world"]: line for line in lines if line["seed"] == seed}


def summary(lines):
    """What a person wants to know of some results."""
    cells = collections.defaultdict(collections.Counter)
    for line in lines:
        for cell in (line["cell"], "all"):
            count = cells[cell]
            for name in ("cycles", "acknowledged", "unknown", "logged", "stored", "dead", "points_hit"):
                count[name] += line[name]
            count["violations"] += len(line["violations"])
            count["excused"] += len(line["excused"])
            count["seconds"] += line["seconds"]
    names = ("cell", "cycles", "acknowledged", "without receipt", "logged", "stored", "dead letters", "points hit",
             "violations", "excused", "minutes")  # fmt: skip
    rows = [f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |"]
    for cell, n in cells.items():
        rows.append(f"| {cell} | {n['cycles']} | {n['acknowledged']} | {n['unknown']} | {n['logged']} | {n['stored']} |"
                    f" {n['dead']} | {n['points_hit']} | {n['violations']} | {n['excused']} |"
                    f" {n['seconds'] / 60:.1f} |")
    return "\n".join(rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--matrix", default="all", help="all, or embedded+sqlite,kafka+postgres, …")
    parser.add_argument("--events", type=int, default=600, help="mutations of a cycle")
    parser.add_argument("--world", type=int, default=40, help="cycles of a world, before it is looked at")
    parser.add_argument("--only", type=int, default=None, help="this world alone")
    parser.add_argument("--results", type=pathlib.Path, help="a line of JSON a world; goes on where it ends")
    return parser.parse_args()


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nobody is left behind
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    matrix = plan.cells(args.matrix)
    reasons = {cell: stores.missing(cell.store) for cell in matrix}
    for cell in matrix:
        if reasons[cell]:
            print(f"{cell} is left out: {reasons[cell]}")
    worlds = plan.plan(seed, [cell for cell in matrix if not reasons[cell]], args.cycles, args.world)
    known = read_results(args.results, seed) if args.results else {}
    print(f"seed {seed}, {args.cycles} cycles in {len(worlds)} worlds, {len(known)} of them done before", flush=True)
    bad = False
    with scratch("logfirst-crash-") as folder, Servers(pathlib.Path(folder)) as servers:
        pathlib.Path(folder).chmod(0o711)  # PostgreSQL's user goes through it
        for told in worlds:
            if told.number in known or args.only not in (None, told.number):
                continue
            line = run_world(told, servers, pathlib.Path(folder), seed, args.events)
            known[told.number] = line
            if args.results:
                with open(args.results, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
            print(f"world {told.name}: {line['cycles']} cycles, {line['acknowledged']} acknowledged, "
                  f"{line['seconds']} s: {line['verdict']}", flush=True)
            bad = bad or bool(line["violations"])
    print(summary(known.values()))
    return 1 if bad or any(line["violations"] for line in known.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
