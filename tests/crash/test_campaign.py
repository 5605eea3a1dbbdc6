"""The campaign in short: LOGFIRST_CRASH_CYCLES cycles (200) over every cell of LOGFIRST_CRASH_MATRIX (all).
LOGFIRST_CRASH_SEED: the dice; printed, so that a run can be repeated."""

import os
import random

import pytest

import campaign
import plan
import stores

CYCLES = int(os.environ.get("LOGFIRST_CRASH_CYCLES") or 200)
SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
MATRIX = plan.cells(os.environ.get("LOGFIRST_CRASH_MATRIX") or "all")
EVENTS = 150  # of a cycle
READY = [cell for cell in MATRIX if stores.missing(cell.store) is None]


def test_which_cells_are_run():
    """Every store that this build has is in the campaign."""
    reasons = {cell.store: stores.missing(cell.store) for cell in MATRIX}
    assert READY, reasons
    for store, reason in reasons.items():
        assert reason is None, f"{store}: {reason}"


@pytest.mark.parametrize("cell", READY, ids=str)
def test_nothing_is_lost(cell, servers, session_folder):
    cycles = CYCLES // len(READY) + (READY.index(cell) < CYCLES % len(READY))
    print(f"LOGFIRST_CRASH_SEED={SEED}, {cycles} cycles of {cell}")
    for world in plan.plan(SEED, [cell], cycles, world_cycles=25):
        line = campaign.run_world(world, servers, session_folder, SEED, EVENTS)
        print(line)
        assert not line["violations"], f"LOGFIRST_CRASH_SEED={SEED} {cell}, world {world.number}\n{line['verdict']}"
        assert line["cycles"] == line["of"]
        assert line["acknowledged"] > 50 * line["cycles"], "hardly any load"
