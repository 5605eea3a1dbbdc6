"""The history checker: from what clients were told and what log, store and dead letters hold, every promise that was
broken. It reads nothing itself (evidence.py does) and knows the program only by its promises.

    A  acknowledged: the receipts                    U  attempts without an answer, and refused ones
    L  the log's records                             S  event_store
    D  dead_letters, and the records of their topic  E  entity tables
    O  positions: snapshots over time, the last one final
    H  states that readers saw

check(history) returns a list of Violation(invariant, text); an empty list is the only good answer. The invariants:

    I1  each acknowledged event is in S once or in D once, never both    I2  nothing that nobody asked for
    I3  S and D together are L below O; repeats collapse to one           I4  content is kept
    I5  order: S follows L within a key                                   I6  E is the fold of S, and so is each of H
    I7  positions are never ahead of what is stored and never go back     I8  what was stored once stays
    I9  acknowledged means logged                                         I10 answered places are true
    I11 one key, one event                                                I15 replaying L gives the same S and E

I14, that everything comes to an end once faults stop, is for who waits for it: see History.stuck.
"""

import dataclasses
import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any, Callable, Optional

MISSING = object()
SEEN_VERSION = "moves"


@dataclasses.dataclass(frozen=True)
class Violation:
    invariant: str
    text: str

    def __str__(self):
        return f"{self.invariant}: {self.text}"


@dataclasses.dataclass
class Acknowledged:
    """A receipt with success: true, and what was asked for."""

    event_id: str
    event_type: str
    topic: str
    partition: int
    offset: int
    payload: dict
    key: Optional[str] = None  # Idempotency-Key


@dataclasses.dataclass
class Attempt:
    """A mutation without a receipt. outcome: unknown (no answer, LOG_OUTCOME_UNKNOWN) or rejected."""

    event_type: str
    payload: dict
    outcome: str = "unknown"
    event_id: Optional[str] = None
    key: Optional[str] = None


@dataclasses.dataclass
class Record:
    """A record of the log. event_id, event_type and payload are what its value says; None where it says nothing."""

    topic: str
    partition: int
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]
    headers: list = dataclasses.field(default_factory=list)
    event_id: Optional[str] = None
    event_type: Optional[str] = None
    payload: Any = MISSING

    @property
    def place(self):
        return (self.topic, self.partition, self.offset)


@dataclasses.dataclass
class Stored:
    """A row of event_store; sequence is the order of insertion."""

    sequence: int
    event_id: str
    event_type: str
    entity_key: Optional[str]
    payload: Any
    topic: str
    partition: int
    offset: int

    @property
    def place(self):
        return (self.topic, self.partition, self.offset)


@dataclasses.dataclass
class Dead:
    """A row of dead_letters."""

    event_id: Optional[str]
    topic: str
    partition: int
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]
    reason: str
    code: str = ""

    @property
    def place(self):
        return (self.topic, self.partition, self.offset)


@dataclasses.dataclass
class Snapshot:
    """Positions and the places persisted, read in one transaction. (topic, partition) -> next offset. committed: what
    the broker said shortly BEFORE, if it was asked."""

    positions: dict
    places: set
    committed: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class History:
    acknowledged: list = dataclasses.field(default_factory=list)
    attempts: list = dataclasses.field(default_factory=list)
    log: list = dataclasses.field(default_factory=list)
    stored: list = dataclasses.field(default_factory=list)
    dead: list = dataclasses.field(default_factory=list)
    dead_records: Optional[list] = None  # of <topic>.dlq; None: not looked at
    entities: dict = dataclasses.field(default_factory=dict)  # key -> state
    snapshots: list = dataclasses.field(default_factory=list)  # in time; the last one goes with stored and dead
    broker_positions: dict = dataclasses.field(default_factory=dict)  # (topic, partition) -> committed offset
    fold: Optional[Callable] = None  # events of one entity in order -> state or None
    seen: list = dataclasses.field(default_factory=list)  # (entity key, state with a count of events in SEEN_VERSION)
    fold_seen: Optional[Callable] = None  # events of one entity in order -> [what a reader may see after 1, 2, …]
    # (idempotency key, payload, event id, place) of each success
    answers: list = dataclasses.field(default_factory=list)
    # Retries may have come while the store did not know of the first try yet: then the log has the event twice, and an
    # answer may name either place.
    retried_early: bool = False
    must_die: dict = dataclasses.field(default_factory=dict)  # place -> code: what others wrote and nobody can process
    stuck: list = dataclasses.field(default_factory=list)  # words about what did not come to its end in time
    foreign: bool = False  # others write to the topic too: events that no attempt explains are no invention
    skipped_types: frozenset = frozenset()  # unknown_events=skip


def parse_json(text):
    """JSON with exact numbers; 1, 1.0 and 1e0 are the same."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def canonical(value):
    """Equal for equal JSON values, hashable."""
    if isinstance(value, dict):
        return ("o", tuple(sorted((name, canonical(item)) for name, item in value.items())))
    if isinstance(value, (list, tuple)):
        return ("l", tuple(canonical(item) for item in value))
    if isinstance(value, bool) or value is None:
        return ("b", value)
    if isinstance(value, (int, Decimal)):
        return ("n", Decimal(value).normalize() + 0)
    if isinstance(value, float):
        return ("n", Decimal(repr(value)).normalize() + 0)
    return ("s", value)


def asked(event_type, payload):
    """What an attempt is recognised by: attempts must differ in it."""
    return (event_type, canonical(payload))


def includes(payload, given):
    """Does the payload have all that was given? It may have more: @generated fields."""
    return isinstance(payload, dict) and all(
        name in payload and canonical(payload[name]) == canonical(value) for name, value in given.items()
    )


class Checker:
    def __init__(self, history):
        self.history = history
        self.violations = []
        self.by_place = {record.place: record for record in history.log}
        self.by_id = defaultdict(list)
        for record in sorted(history.log, key=lambda r: r.place):
            if record.event_id is not None:
                self.by_id[record.event_id].append(record)
        self.final = history.snapshots[-1].positions if history.snapshots else {}

    def object(self, invariant, text):
        self.violations.append(Violation(invariant, text))

    # --- what clients were told

    def acknowledged_is_logged(self):  # I9, I10
        places = {}
        for ack in self.history.acknowledged:
            place = (ack.topic, ack.partition, ack.offset)
            if ack.event_id not in self.by_id:
                self.object("I9", f"acknowledged {ack.event_id} is not in the log")
                continue
            record = self.by_place.get(place)
            if record is None or record.event_id != ack.event_id:
                self.object("I10", f"{ack.event_id} was answered to be at {place}; there is"
                            f" {record.event_id if record else 'nothing'}")
            if places.setdefault(place, ack.event_id) != ack.event_id:
                self.object("I10", f"{places[place]} and {ack.event_id} were both answered to be at {place}")
            for found in self.by_id[ack.event_id][:1]:
                if found.event_type != ack.event_type or not includes(found.payload, ack.payload):
                    self.object("I4", f"the log has another content for {ack.event_id} than was asked for")

    def acknowledged_is_kept(self):  # I1
        stored = Counter(row.event_id for row in self.history.stored)
        conflicts = {row.place for row in self.history.dead if row.event_id in stored}
        dead = Counter(row.event_id for row in self.history.dead if row.place not in conflicts)
        for ack in self.history.acknowledged:
            count, buried = stored[ack.event_id], dead[ack.event_id]
            if count + buried == 0:
                self.object("I1", f"lost: acknowledged {ack.event_id} is neither stored nor dead-lettered")
            elif count + buried > 1:
                self.object("I1", f"duplicated: {ack.event_id} is stored {count} and dead-lettered {buried} times")

    def no_invention(self):  # I2
        if self.history.foreign:
            return
        known = {ack.event_id for ack in self.history.acknowledged}
        known |= {attempt.event_id for attempt in self.history.attempts if attempt.outcome != "rejected"} - {None}
        open_ = Counter()
        rejected = set()
        for attempt in self.history.attempts:
            if attempt.outcome == "rejected":
                rejected.add(asked(attempt.event_type, attempt.payload))
            elif attempt.event_id is None:
                open_[asked(attempt.event_type, attempt.payload)] += 1
        rows = [(row.event_id, row.event_type, row.payload) for row in self.history.stored]
        for row in self.history.dead:
            record = self.by_place.get(row.place)
            if record is not None and record.event_id is not None:
                rows.append((row.event_id, record.event_type, record.payload))
        seen = set()
        for event_id, event_type, payload in rows:
            if event_id in known or event_id in seen:
                continue
            seen.add(event_id)
            content = asked(event_type, payload)
            if content in rejected:
                self.object("I2", f"{event_id} was answered as refused and is there all the same")
            elif open_[content] == 0:
                self.object(
                    "I2", f"invented: {event_id} ({event_type}) was never asked for, or more often than asked for"
                )
            else:
                open_[content] -= 1

    def one_key_one_event(self):  # I11
        by_key = defaultdict(list)
        for key, payload, event_id, place in self.history.answers:
            by_key[key].append((payload, event_id, place))
        for ack in self.history.acknowledged:
            if ack.key is not None:
                place = (ack.topic, ack.partition, ack.offset)
                by_key[ack.key].append((ack.payload, ack.event_id, place))
        for key, answers in by_key.items():
            places = {place for _, _, place in answers}
            if len({event_id for _, event_id, _ in answers}) > 1:
                self.object("I11", f"Idempotency-Key {key} got several events: {sorted({a[1] for a in answers})}")
            elif len({canonical(payload) for payload, _, _ in answers}) > 1:
                self.object("I11", f"Idempotency-Key {key} was accepted with different payloads")
            elif len(places) > 1 and not (self.history.retried_early and places <= self.places_of(answers[0][1])):
                self.object("I11", f"Idempotency-Key {key} got several places: {sorted(places)}")

    def places_of(self, event_id):
        return {record.place for record in self.by_id[event_id]}

    # --- log against store

    def conservation(self):  # I3
        stored_places, stored_ids, dead_places = {}, {}, {}
        for row in self.history.stored:
            if row.event_id in stored_ids:
                self.object("I3", f"{row.event_id} is stored twice")
            if row.place in stored_places:
                self.object("I3", f"two stored events come from {row.place}")
            stored_ids[row.event_id] = row
            stored_places[row.place] = row
            record = self.by_place.get(row.place)
            if record is None:
                self.object("I3", f"stored {row.event_id} comes from {row.place}, where the log has nothing")
            elif record.event_id != row.event_id:
                self.object("I3", f"stored {row.event_id} comes from {row.place}, where the log has {record.event_id}")
        for row in self.history.dead:
            if row.place in dead_places:
                self.object("I3", f"{row.place} is dead-lettered twice")
            if row.place in stored_places:
                self.object("I3", f"{row.place} is both stored and dead-lettered")
            dead_places[row.place] = row
            if row.place not in self.by_place:
                self.object("I3", f"a dead letter comes from {row.place}, where the log has nothing")
        dead_ids = {row.event_id for row in self.history.dead if row.event_id}
        for record in self.history.log:
            if record.place in stored_places or record.place in dead_places:
                continue
            if record.offset >= self.final.get((record.topic, record.partition), 0):
                continue
            if record.event_type in self.history.skipped_types:
                continue
            first = stored_ids.get(record.event_id)
            if first is None and record.event_id in dead_ids:
                continue  # a repeat of a dead one
            if first is None:
                self.object(
                    "I3", f"lost: {record.place} ({record.event_id}) is below the position, not stored, no dead letter"
                )
            elif first.event_type != record.event_type or canonical(first.payload) != canonical(record.payload):
                self.object(
                    "I3", f"{record.place} repeats {record.event_id} with another content and is no dead letter"
                )

    def content(self):  # I4
        for row in self.history.stored:
            record = self.by_place.get(row.place)
            if record is None or record.event_id != row.event_id:
                continue
            if record.event_type != row.event_type:
                self.object("I4", f"{row.event_id} is stored as {row.event_type}, the log has {record.event_type}")
            if canonical(record.payload) != canonical(row.payload):
                self.object("I4", f"{row.event_id} is stored with another payload than the log has")
        for row in self.history.dead:
            record = self.by_place.get(row.place)
            if record is None:
                continue
            if record.key != row.key or record.value != row.value:
                self.object("I4", f"the dead letter of {row.place} has not the bytes of the log")
            if not row.reason:
                self.object("I4", f"the dead letter of {row.place} gives no reason")
        buried = {row.place: row.code for row in self.history.dead}
        for place, code in self.history.must_die.items():
            if place[2] < self.final.get(place[:2], 0) and buried.get(place) != code:
                self.object("I3", f"{place} is no dead letter for {code}: {buried.get(place)}")
        self.dead_topic()

    def dead_topic(self):
        if self.history.dead_records is None:
            return
        buried = {row.place for row in self.history.dead}
        found = defaultdict(list)
        for record in self.history.dead_records:
            headers = dict(record.headers)
            try:
                place = (
                    headers["__connect.errors.topic"].decode(),
                    int(headers["__connect.errors.partition"]),
                    int(headers["__connect.errors.offset"]),
                )
            except (KeyError, ValueError, AttributeError):
                self.object("I4", f"a record of the dead letter topic does not say where it comes from: {record.place}")
                continue
            found[place].append(record)
            origin = self.by_place.get(place)
            if origin is None:
                self.object("I4", f"the dead letter topic names {place}, where the log has nothing")
            elif (origin.key, origin.value) != (record.key, record.value):
                self.object("I4", f"the dead letter topic has not the bytes of {place}")
            elif any(header not in record.headers for header in origin.headers):
                self.object("I4", f"the dead letter topic lost headers of {place}")
        for row in self.history.dead:
            if row.place not in found:
                self.object("I4", f"the dead letter of {row.place} is not in the dead letter topic")
        for place in found:
            if place not in buried and place[2] < self.final.get(place[:2], 0):
                self.object("I4", f"{place} is in the dead letter topic and not in dead_letters")

    def order(self):  # I5
        last = {}
        buried = {row.place for row in self.history.dead}
        for row in sorted(self.history.stored, key=lambda r: r.sequence):
            record = self.by_place.get(row.place)
            if record is None:
                continue
            lane = (row.topic, row.partition, record.key)
            before = last.get(lane)
            if before is not None and before >= row.offset:
                self.object("I5", f"reordered: offset {row.offset} was stored after {before} in {lane}")
            last[lane] = max(row.offset, before if before is not None else row.offset)
            first = self.by_id[row.event_id][0] if self.by_id[row.event_id] else record
            if first.topic == row.topic and first.partition == row.partition and first.offset != row.offset:
                if first.place not in buried:
                    self.object(
                        "I5", f"{row.event_id} was stored from offset {row.offset}; it came first at {first.offset}"
                    )

    def state(self):  # I6
        if self.history.fold is None:
            return
        events = defaultdict(list)
        for row in sorted(self.history.stored, key=lambda r: r.sequence):
            if row.entity_key is not None:
                events[row.entity_key].append(row)
        for key in sorted(set(events) | set(self.history.entities)):
            expected = self.history.fold(events.get(key, []))
            seen = self.history.entities.get(key)
            if expected is None or seen is None:
                if expected is not seen:
                    self.object(
                        "I6", f"state mismatch: {key} is {seen}, its {len(events.get(key, []))} events say {expected}"
                    )
                continue
            for field, value in expected.items():
                if canonical(seen.get(field, MISSING)) != canonical(value):
                    self.object(
                        "I6",
                        f"state mismatch: {field} of {key} is {seen.get(field)!r:.200}, its events say {value!r:.200}",
                    )

        self.readers(events)

    def readers(self, events):  # I6 of what was seen on the way
        if self.history.fold_seen is None:
            return
        steps = {}
        for key, state in self.history.seen:
            if key not in steps:
                steps[key] = [canonical(step) for step in self.history.fold_seen(events.get(key, []))]
            version = int(state[SEEN_VERSION])
            if not 1 <= version <= len(steps[key]) or canonical(state) != steps[key][version - 1]:
                self.object("I6", f"a reader saw {key} as {state}, which it never was")

    def kept(self):  # I8
        before, seen = set(), 0
        for number, snapshot in enumerate(self.history.snapshots):
            if not before <= snapshot.places:
                gone = sorted(before - snapshot.places)
                self.object("I8", f"{gone[0]} and {len(gone) - 1} more were there in snapshot {seen}, not in {number}")
            before, seen = snapshot.places, number

    def positions(self):  # I7
        offsets = defaultdict(list)
        for record in self.history.log:
            offsets[record.topic, record.partition].append(record.offset)
        for lane in offsets:
            offsets[lane].sort()
        settled = self.settled()
        before = {}
        for number, snapshot in enumerate(self.history.snapshots):
            for lane, position in snapshot.positions.items():
                if position < before.get(lane, 0):
                    self.object("I7", f"the position of {lane} went back from {before[lane]} to {position}")
                before[lane] = position
                if offsets[lane] and position > offsets[lane][-1] + 1:
                    self.object(
                        "I7", f"the position {position} of {lane} is beyond the log's end {offsets[lane][-1] + 1}"
                    )
                for offset in offsets[lane]:
                    if offset >= position:
                        break
                    place = (*lane, offset)
                    if place not in snapshot.places and not self.is_repeat(place, settled):
                        self.object(
                            "I7",
                            f"ahead: snapshot {number} has position {position} of {lane}, and {offset} is not stored",
                        )
                        break
            for lane, committed in snapshot.committed.items():
                if committed > snapshot.positions.get(lane, 0):
                    self.object("I7", f"the broker had {committed} committed for {lane} before snapshot {number}, where"
                                f" the store is at {snapshot.positions.get(lane, 0)}")
            for place in snapshot.places:
                position = snapshot.positions.get(place[:2], 0)
                if place[2] >= position:
                    self.object("I7", f"snapshot {number} has {place} stored at or above the position {position}")
                    break
        for lane, committed in self.history.broker_positions.items():
            if committed > self.final.get(lane, 0):
                self.object(
                    "I7", f"the broker has {committed} committed for {lane}, the store is at {self.final.get(lane, 0)}"
                )

    def settled(self):
        """Event id -> place where it was stored or dead-lettered first."""
        places = {}
        for row in [*self.history.stored, *self.history.dead]:
            if row.event_id is not None:
                places.setdefault(row.event_id, row.place)
        return places

    def is_repeat(self, place, settled):
        """A record that was rightly dropped: its event came from elsewhere, or its type is skipped."""
        record = self.by_place[place]
        if record.event_type in self.history.skipped_types:
            return True
        return settled.get(record.event_id, place) != place


def check(history, caught_up=True):
    """Every broken promise. CAUGHT_UP: the consumers have had time to reach the end of the log."""
    checker = Checker(history)
    checker.acknowledged_is_logged()
    if caught_up:
        checker.acknowledged_is_kept()
        for record in history.log:
            if record.offset >= checker.final.get((record.topic, record.partition), 0):
                checker.object("I3", f"stuck: {record.place} is above the final position")
                break
    checker.no_invention()
    checker.one_key_one_event()
    checker.conservation()
    checker.content()
    checker.order()
    checker.state()
    checker.positions()
    checker.kept()
    for words in history.stuck:
        checker.object("I14", words)
    return checker.violations


def check_replay(first, again):
    """I15: AGAIN was made by replaying the log of FIRST into an empty store."""
    violations = []

    def events(history):
        return {row.event_id: (row.event_type, row.place, canonical(row.payload)) for row in history.stored}

    def dead(history):
        return {row.place: (row.event_id, row.value) for row in history.dead}

    def states(history):
        return {key: canonical({n: v for n, v in state.items()}) for key, state in history.entities.items()}

    for what, view in (("events", events), ("dead letters", dead), ("entity state", states)):
        old, new = view(first), view(again)
        for key in sorted(set(old) | set(new), key=str):
            if old.get(key) != new.get(key):
                violations.append(
                    Violation("I15", f"{what} differ after a replay: {key}: {old.get(key)} and {new.get(key)}")
                )
    return violations


def report(violations, limit=20):
    """For an assertion's message."""
    kinds = Counter(violation.invariant for violation in violations)
    lines = [
        f"{len(violations)} violations: " + ", ".join(f"{count} of {name}" for name, count in sorted(kinds.items()))
    ]
    shown = Counter()
    for violation in violations:
        shown[violation.invariant] += 1
        if shown[violation.invariant] <= max(3, limit // max(1, len(kinds))):
            lines.append(f"  {violation}")
    return "\n".join(lines)
