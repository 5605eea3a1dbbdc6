"""What is done to whom, and when: all of it follows from the seed, before anything runs. The dice of a cycle are its
own, so that a campaign that goes on where it stopped meets what it would have met."""

import dataclasses
import random

LOGS = ("embedded", "kafka")
STORES = ("sqlite", "postgres", "mongodb")
# FerretDB over SQLite reads whole collections: worlds there are small.
SMALL_CYCLES, SMALL_EVENTS = 10, 120

# Points at which the program can end, in the order in which a batch or an append passes them (src/base/crash.h).
CONSUMER_POINTS = (
    "consumer.decoded", "consumer.begun", "consumer.appended", "consumer.loaded", "consumer.saved", "consumer.buried",
    "consumer.advanced", "consumer.committed", "consumer.announced",
)  # fmt: skip
DEAD_POINTS = ("consumer.dead_produced", "consumer.dead_sent")
GATEWAY_POINTS = ("gateway.appended", "gateway.acknowledged", "gateway.answered")
LOG_POINTS = (
    "log.begun", "log.inserted", "log.written", "log.syncing", "log.synced", "log.committed", "log.acknowledged",
)  # fmt: skip
STORE_POINTS = ("store.buried", "store.appended", "store.saved")  # of a commit that is not one step
ASIDE_POINTS = ("store.aside", "store.forgotten", "store.renamed")  # of a log made anew, which no schedule does


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    whom: str = ""  # a process of the world, or a server
    point: str = ""  # "consumer.saved:3"
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Cell:
    log: str
    store: str

    def __str__(self):
        return f"{self.log}+{self.store}"


@dataclasses.dataclass(frozen=True)
class World:
    """A cluster that lives for some cycles; then it is looked at, and another one begins."""

    number: int
    cell: Cell
    split: bool  # embedded: gateway and consumer are processes of their own
    cycles: tuple  # of tuples of faults
    workers: int = 1  # of each consumer

    @property
    def name(self):
        return f"{self.number}-{self.cell}"


def cells(text="all"):
    """"all", or "embedded+sqlite,kafka+postgres"."""
    every = [Cell(log, store) for log in LOGS for store in STORES]
    if text == "all":
        return every
    wanted = [Cell(*name.split("+")) for name in text.split(",")]
    unknown = [str(cell) for cell in wanted if cell not in every]
    if unknown:
        raise ValueError(f"no such cell: {', '.join(unknown)}; there are {', '.join(map(str, every))}")
    return wanted


def plan(seed, matrix, cycles, world_cycles=40):
    """The worlds of a campaign of CYCLES cycles over the cells of MATRIX, in turn."""
    worlds, left = [], cycles
    while left > 0:
        number = len(worlds)
        cell = matrix[number % len(matrix)]
        size = min(left, world_cycles, SMALL_CYCLES if cell.store == "mongodb" else world_cycles)
        dice = random.Random(f"{seed}/{number}/{cell}")
        split = cell.log == "kafka" or dice.random() < 0.5
        faults = tuple(
            cycle_of(random.Random(f"{seed}/{number}/{cell}/{cycle}"), cell, split) for cycle in range(size)
        )
        worlds.append(World(number, cell, split, faults, dice.choice((1, 3)) if cell.log == "kafka" else 1))
        left -= size
    return worlds


def cycle_of(dice, cell, split):
    """One fault, at times two at once."""
    return tuple(fault(dice, cell, split) for _ in range(1 if dice.random() < 0.8 else 2))


def servers_of(cell, split):
    if cell.log == "kafka":
        return ["gateway-1", "gateway-2"], ["consumer-1", "consumer-2", "consumer-3"]
    return (["gateway-1"], ["consumer-1"]) if split else (["up"], ["up"])


def fault(dice, cell, split):
    gateways, consumers = servers_of(cell, split)
    makers = [(6, killed), (10, at_consumer_point), (4, at_gateway_point), (3, frozen), (3, clients_cut),
              (3, restarted), (3, poisoned), (2, dead_letter_point)]  # fmt: skip
    if cell.log == "embedded":
        makers += [(6, at_log_point), (3, disk_full), (2, disk_broken)]
        if not split:
            makers += [(5, power_cut)]
    else:
        makers += [(2, zombie), (2, gone), (1, broker_killed), (2, broker_frozen), (2, broker_cut), (1, broker_slow)]
    if cell.store == "sqlite":
        makers += [(3, store_locked)]
    else:
        makers += [(2, store_killed), (2, store_frozen), (2, store_cut), (1, store_slow)]
    if cell.store == "mongodb":
        makers += [(8, at_store_point)]
    total = sum(weight for weight, _ in makers)
    at = dice.randrange(total)
    for weight, make in makers:
        if at < weight:
            return make(dice, gateways, consumers)
        at -= weight
    raise AssertionError


def killed(dice, gateways, consumers):
    return Fault("kill", dice.choice(sorted({*gateways, *consumers})), seconds=round(dice.uniform(0, 0.1), 3))


def at_point(dice, whom, points, most):
    return Fault("point", dice.choice(whom), f"{dice.choice(points)}:{dice.randint(1, most)}")


def at_consumer_point(dice, gateways, consumers):
    return at_point(dice, consumers, CONSUMER_POINTS, 3)


def at_store_point(dice, gateways, consumers):
    return at_point(dice, consumers, STORE_POINTS, 3)


def dead_letter_point(dice, gateways, consumers):
    """With something to bury."""
    return dataclasses.replace(at_point(dice, consumers, DEAD_POINTS, 1), kind="poison point")


def at_gateway_point(dice, gateways, consumers):
    return at_point(dice, gateways, GATEWAY_POINTS, 60)


def at_log_point(dice, gateways, consumers):
    return at_point(dice, gateways, LOG_POINTS, 6)


def power_cut(dice, gateways, consumers):
    points = LOG_POINTS + GATEWAY_POINTS + CONSUMER_POINTS
    return dataclasses.replace(at_point(dice, gateways, points, 6), kind="power")


def frozen(dice, gateways, consumers):
    return Fault("freeze", dice.choice(sorted({*gateways, *consumers})), seconds=round(dice.uniform(0.05, 0.4), 3))


def zombie(dice, gateways, consumers):
    """Stopped within a batch for longer than the group waits for it; then it goes on."""
    return dataclasses.replace(at_point(dice, consumers, CONSUMER_POINTS[:-1], 2), kind="zombie")


def gone(dice, gateways, consumers):
    """A member leaves for a while."""
    return Fault("gone", "consumer-3", seconds=round(dice.uniform(0.1, 0.5), 3))


def restarted(dice, gateways, consumers):
    return Fault("restart", dice.choice(sorted({*gateways, *consumers})))


def clients_cut(dice, gateways, consumers):
    return Fault("cut clients")


def poisoned(dice, gateways, consumers):
    return Fault("poison")


def disk_full(dice, gateways, consumers):
    return Fault("disk full", seconds=round(dice.uniform(0.05, 0.3), 3))


def disk_broken(dice, gateways, consumers):
    return Fault("disk broken", seconds=round(dice.uniform(0.05, 0.2), 3))


def broker_killed(dice, gateways, consumers):
    return Fault("kill", "broker")


def broker_frozen(dice, gateways, consumers):
    return Fault("freeze", "broker", seconds=round(dice.uniform(0.1, 1.5), 3))


def broker_cut(dice, gateways, consumers):
    return Fault("cut", "broker")


def broker_slow(dice, gateways, consumers):
    return Fault("slow", "broker", seconds=round(dice.uniform(0.2, 0.6), 3))


def store_locked(dice, gateways, consumers):
    return Fault("lock store", seconds=round(dice.uniform(0.1, 0.8), 3))


def store_killed(dice, gateways, consumers):
    return Fault("kill", "store")


def store_frozen(dice, gateways, consumers):
    return Fault("freeze", "store", seconds=round(dice.uniform(0.1, 1.0), 3))


def store_cut(dice, gateways, consumers):
    return Fault("cut", "store")


def store_slow(dice, gateways, consumers):
    return Fault("slow", "store", seconds=round(dice.uniform(0.2, 0.6), 3))
