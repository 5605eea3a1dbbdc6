"""The schedule is the seed's alone."""

import collections
import pathlib
import subprocess

import pytest

from harness.logfirst import ROOT

import plan


POINTS = plan.CONSUMER_POINTS + plan.DEAD_POINTS + plan.GATEWAY_POINTS + plan.LOG_POINTS + plan.STORE_POINTS


def test_the_same_seed_gives_the_same_schedule():
    assert plan.plan(7, plan.cells(), 500) == plan.plan(7, plan.cells(), 500)
    assert plan.plan(7, plan.cells(), 500) != plan.plan(8, plan.cells(), 500)


def test_a_longer_campaign_begins_like_a_short_one():
    assert plan.plan(7, plan.cells(), 400)[:5] == plan.plan(7, plan.cells(), 200)[:5]


def test_every_fault_and_every_point_comes_up():
    kinds, points = collections.Counter(), set()
    for world in plan.plan(1, plan.cells(), 4000):
        for cycle in world.cycles:
            for fault in cycle:
                kinds[fault.kind, fault.whom if fault.whom in ("broker", "store") else ""] += 1
                points.add(fault.point.split(":")[0])
    assert all(count >= 10 for count in kinds.values()), kinds
    assert points - {""} == set(POINTS)


def test_the_points_are_those_of_the_program():
    named = subprocess.run(["grep", "-rhoE", r'LF_CRASH_POINT\("[a-z_.]+"', ROOT / "src"], capture_output=True,
                           text=True, check=True).stdout  # fmt: skip
    found = {line.split('"')[1] for line in named.split("\n") if line}
    assert found == set(POINTS) | set(plan.ASIDE_POINTS)


def test_a_cell_that_there_is_not():
    with pytest.raises(ValueError, match="no such cell"):
        plan.cells("paper+pencil")


def test_the_product_has_no_points_and_no_defects():
    product = pathlib.Path(ROOT / "build" / "logfirst")
    if not product.exists():
        pytest.skip("build/logfirst is not built")
    for word in (b"LOGFIRST_CRASH_AT", b"LOGFIRST_DEFECT", b"LOGFIRST_DISK", b"consumer.saved"):
        assert word not in product.read_bytes()
