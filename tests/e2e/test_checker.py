"""The checker is tested itself: a good history passes, a history broken in one way each is objected to."""

import copy

import pytest

from harness import folds
from harness.checker import (Acknowledged, Attempt, Dead, History, Record, Snapshot, Stored, check, check_replay,
                             parse_json, report)
from harness.evidence import record

TOPIC = "business-events"


def value(event_id, customer, amount):
    return b'{"eventId":"%s","eventType":"QuoteCreated","payload":{"customerId":"%s","amount":%s}}' % (
        event_id.encode(), customer.encode(), str(amount).encode())


def logged(offset, event_id, customer, amount, partition=0):
    return record(TOPIC, partition, offset, customer.encode(), value(event_id, customer, amount), [])


def stored(sequence, event_id, customer, amount, offset, partition=0):
    payload = parse_json('{"customerId":"%s","amount":%s}' % (customer, amount))
    return Stored(sequence, event_id, "QuoteCreated", customer, payload, TOPIC, partition, offset)


def acknowledged(event_id, customer, amount, offset, partition=0, key=None):
    return Acknowledged(
        event_id, "QuoteCreated", TOPIC, partition, offset, {"customerId": customer, "amount": amount}, key
    )


def garbage(offset, partition=0):
    return Record(TOPIC, partition, offset, None, b"\xff not an event", [("h", b"1")])


def quotes_seen(events):
    return [{"moves": number + 1, "amount": event.payload["amount"]} for number, event in enumerate(events)]


def good():
    """Two partitions; an event without an answer (e3), a repeat of e1, garbage in the dead letters."""
    history = History(fold=folds.quotes)
    history.log = [
        logged(0, "e1", "ada", 1),
        logged(1, "e2", "ada", 2.5),
        logged(2, "e1", "ada", 1),
        garbage(3),
        logged(0, "e3", "bob", 3, partition=1),
    ]
    history.acknowledged = [acknowledged("e1", "ada", 1, 0, key="k1"), acknowledged("e2", "ada", 2.5, 1)]
    history.attempts = [
        Attempt("QuoteCreated", {"customerId": "bob", "amount": 3}),
        Attempt("QuoteCreated", {"customerId": "bob", "amount": 4}),
        Attempt("QuoteCreated", {"customerId": "bob", "amount": -1}, "rejected"),
    ]
    history.stored = [
        stored(1, "e1", "ada", 1, 0),
        stored(2, "e3", "bob", 3, 0, partition=1),
        stored(3, "e2", "ada", 2.5, 1),
    ]
    history.dead = [Dead(None, TOPIC, 0, 3, None, b"\xff not an event", "no JSON", "NOT_AN_EVENT")]
    history.must_die = {(TOPIC, 0, 3): "NOT_AN_EVENT"}
    history.dead_records = [
        Record(TOPIC + ".dlq", 0, 0, None, b"\xff not an event",
               [("h", b"1"), ("__connect.errors.topic", TOPIC.encode()), ("__connect.errors.partition", b"0"),
                ("__connect.errors.offset", b"3")])
    ]
    history.entities = {"ada": {"customer_id": "ada", "amount": 2.5}, "bob": {"customer_id": "bob", "amount": 3.0}}
    history.snapshots = [
        Snapshot({(TOPIC, 0): 1}, {(TOPIC, 0, 0)}),
        Snapshot({(TOPIC, 0): 4, (TOPIC, 1): 1},
                 {(TOPIC, 0, 0), (TOPIC, 0, 1), (TOPIC, 0, 3), (TOPIC, 1, 0)}),
    ]
    history.snapshots[0].committed = {(TOPIC, 0): 1}
    history.broker_positions = {(TOPIC, 0): 4, (TOPIC, 1): 0}
    history.fold_seen = quotes_seen
    history.seen = [("ada", {"moves": 1, "amount": 1}), ("ada", {"moves": 2, "amount": 2.5})]
    history.answers = [("k1", {"customerId": "ada", "amount": 1}, "e1", (TOPIC, 0, 0))]
    return history


def test_a_good_history_passes():
    violations = check(good())
    assert not violations, report(violations)


def test_a_history_that_has_not_caught_up_passes_as_such():
    history = good()
    history.log.append(logged(4, "e4", "ada", 9))
    history.acknowledged.append(acknowledged("e4", "ada", 9, 4))
    assert not check(history, caught_up=False)
    assert {v.invariant for v in check(history)} >= {"I1", "I3"}, "stuck and lost"


def drop(history, event_id):
    history.stored = [row for row in history.stored if row.event_id != event_id]


def lose_acknowledged(history):
    drop(history, "e2")
    history.entities["ada"]["amount"] = 1


def store_twice(history):
    history.stored.append(stored(9, "e2", "ada", 2.5, 1))


def store_and_bury(history):
    history.log.append(logged(4, "e2", "ada", 2.5))
    history.dead.append(Dead("e2", TOPIC, 0, 1, b"ada", value("e2", "ada", 2.5), "twice"))


def bury_repeat_of_acknowledged_twice(history):
    drop(history, "e2")
    history.entities["ada"]["amount"] = 1
    history.log.append(logged(4, "e2", "ada", 2.5))
    for offset in (1, 4):
        history.dead.append(Dead("e2", TOPIC, 0, offset, b"ada", value("e2", "ada", 2.5), "no"))


def invent(history):
    history.log.append(logged(4, "e9", "ada", 77))
    history.stored.append(stored(9, "e9", "ada", 77, 4))
    history.entities["ada"]["amount"] = 77
    history.snapshots[-1].positions[TOPIC, 0] = 5
    history.snapshots[-1].places.add((TOPIC, 0, 4))


def invent_from_one_attempt_twice(history):
    history.log.append(logged(1, "e8", "bob", 3, partition=1))
    history.stored.append(stored(9, "e8", "bob", 3, 1, partition=1))
    history.snapshots[-1].positions[TOPIC, 1] = 2
    history.snapshots[-1].places.add((TOPIC, 1, 1))


def store_rejected(history):
    history.log.append(logged(1, "e8", "bob", -1, partition=1))
    history.stored.append(stored(9, "e8", "bob", -1, 1, partition=1))
    history.entities["bob"]["amount"] = -1


def lose_unacknowledged(history):
    drop(history, "e3")
    del history.entities["bob"]


def store_what_the_log_lacks(history):
    history.log = [r for r in history.log if r.event_id != "e3"]


def bury_what_the_log_lacks(history):
    history.dead.append(Dead(None, TOPIC, 0, 8, None, b"x", "y"))


def drop_conflict(history):
    history.log[2] = logged(2, "e1", "ada", 99)


def lose_garbage(history):
    history.dead = []
    history.dead_records = []


def change_stored_payload(history):
    history.stored[1].payload["amount"] = parse_json("3.0000000001")
    history.entities["bob"]["amount"] = parse_json("3.0000000001")


def change_logged_payload(history):
    history.log[1] = logged(1, "e2", "ada", 2)
    history.stored[2] = stored(3, "e2", "ada", 2, 1)
    history.entities["ada"]["amount"] = 2


def change_type(history):
    history.stored[1].event_type = "Other"
    del history.entities["bob"]


def change_dead_bytes(history):
    history.dead[0].value = b"? not an event"


def lose_reason(history):
    history.dead[0].reason = ""


def lose_dead_record(history):
    history.dead_records = []


def change_dead_record(history):
    history.dead_records[0].value = b""


def lose_dead_headers(history):
    del history.dead_records[0].headers[0]


def lose_dead_origin(history):
    del history.dead_records[0].headers[1:]


def reorder(history):
    history.stored[0].sequence, history.stored[2].sequence = 3, 1
    history.entities["ada"]["amount"] = 1


def store_the_repeat(history):
    history.stored[0].offset = 2
    history.entities["ada"]["amount"] = 2.5


def forget_effect(history):
    history.entities["ada"]["amount"] = 1


def lose_entity(history):
    del history.entities["bob"]


def invent_entity(history):
    history.entities["eve"] = {"customer_id": "eve", "amount": 1}


def run_ahead(history):
    history.snapshots[0].positions[TOPIC, 0] = 2


def fall_behind(history):
    history.snapshots[0].places.add((TOPIC, 0, 1))


def go_back(history):
    history.snapshots.insert(0, Snapshot({(TOPIC, 0): 4}, set(history.snapshots[-1].places)))


def position_beyond_the_end(history):
    history.snapshots[-1].positions[TOPIC, 0] = 9


def commit_ahead(history):
    history.broker_positions[TOPIC, 0] = 5


def acknowledge_unlogged(history):
    history.acknowledged.append(acknowledged("e7", "ada", 5, 7))


def answer_wrong_place(history):
    history.acknowledged[1].offset = 0


def answer_two_ids_at_one_place(history):
    history.acknowledged.append(acknowledged("e3", "bob", 3, 1, partition=0))


def answer_key_with_two_ids(history):
    history.answers.append(("k1", {"customerId": "ada", "amount": 1}, "e2", (TOPIC, 0, 1)))


def answer_key_with_two_payloads(history):
    history.answers.append(("k1", {"customerId": "ada", "amount": 8}, "e1", (TOPIC, 0, 0)))


def answer_key_with_two_places(history):
    history.answers.append(("k1", {"customerId": "ada", "amount": 1}, "e1", (TOPIC, 0, 2)))


def see_what_never_was(history):
    history.seen.append(("ada", {"moves": 1, "amount": 2.5}))


def see_too_much(history):
    history.seen.append(("bob", {"moves": 2, "amount": 3}))


def take_back_a_row(history):
    history.snapshots.insert(1, Snapshot({(TOPIC, 0): 2}, {(TOPIC, 0, 1)}))


def commit_ahead_on_the_way(history):
    history.snapshots[0].committed[TOPIC, 0] = 2


def bury_for_another_reason(history):
    history.dead[0].code = "EVENT_INVALID"


def let_poison_live(history):
    history.must_die[TOPIC, 0, 1] = "EVENT_INVALID"


def be_stuck(history):
    history.stuck.append("lag 3 after 60 s")


def answer_with_a_place_that_is_not(history):
    history.retried_early = True
    history.answers.append(("k1", {"customerId": "ada", "amount": 1}, "e1", (TOPIC, 0, 1)))


BROKEN = [
    ("I6", see_what_never_was),
    ("I6", see_too_much),
    ("I8", take_back_a_row),
    ("I7", commit_ahead_on_the_way),
    ("I3", bury_for_another_reason),
    ("I3", let_poison_live),
    ("I14", be_stuck),
    ("I11", answer_with_a_place_that_is_not),
    ("I1", lose_acknowledged),
    ("I1", store_twice),
    ("I3", store_twice),
    ("I3", store_and_bury),
    ("I1", bury_repeat_of_acknowledged_twice),
    ("I2", invent),
    ("I2", invent_from_one_attempt_twice),
    ("I2", store_rejected),
    ("I3", lose_unacknowledged),
    ("I3", store_what_the_log_lacks),
    ("I3", bury_what_the_log_lacks),
    ("I3", drop_conflict),
    ("I3", lose_garbage),
    ("I4", change_stored_payload),
    ("I4", change_logged_payload),
    ("I4", change_type),
    ("I4", change_dead_bytes),
    ("I4", lose_reason),
    ("I4", lose_dead_record),
    ("I4", change_dead_record),
    ("I4", lose_dead_headers),
    ("I4", lose_dead_origin),
    ("I5", reorder),
    ("I5", store_the_repeat),
    ("I6", forget_effect),
    ("I6", lose_entity),
    ("I6", invent_entity),
    ("I7", run_ahead),
    ("I7", fall_behind),
    ("I7", go_back),
    ("I7", position_beyond_the_end),
    ("I7", commit_ahead),
    ("I9", acknowledge_unlogged),
    ("I10", answer_wrong_place),
    ("I10", answer_two_ids_at_one_place),
    ("I11", answer_key_with_two_ids),
    ("I11", answer_key_with_two_payloads),
    ("I11", answer_key_with_two_places),
]


@pytest.mark.parametrize(("invariant", "damage"), BROKEN, ids=[f"{i}-{d.__name__}" for i, d in BROKEN])
def test_a_broken_history_is_objected_to(invariant, damage):
    history = good()
    damage(history)
    found = {violation.invariant for violation in check(history)}
    assert invariant in found, f"objected to {sorted(found)} only"


def test_skipped_types_and_foreign_events_are_no_violation():
    history = good()
    invent(history)
    history.foreign = True
    assert not check(history), report(check(history))
    history = good()
    history.log.append(record(TOPIC, 0, 4, b"x", b'{"eventId":"z","eventType":"Other","payload":{}}', []))
    history.snapshots[-1].positions[TOPIC, 0] = 5
    assert {v.invariant for v in check(history)} >= {"I3", "I7"}
    history.skipped_types = frozenset({"Other"})
    assert not check(history), report(check(history))


def test_an_early_retry_may_have_two_places():
    history = good()
    answer_key_with_two_places(history)
    assert {v.invariant for v in check(history)} == {"I11"}
    history.retried_early = True
    assert not check(history), report(check(history))


def test_numbers_are_compared_exactly():
    history = good()
    history.stored[2].payload = parse_json('{"customerId":"ada","amount":2.50}')
    assert not check(history), "2.50 is 2.5"
    history.stored[2].payload = parse_json('{"customerId":"ada","amount":2.5000000000000000001}')
    assert "I4" in {v.invariant for v in check(history)}


def test_a_replay_must_give_the_same():
    assert not check_replay(good(), good())
    for damage in (lose_acknowledged, change_stored_payload, forget_effect, lose_entity, lose_garbage):
        again = copy.deepcopy(good())
        damage(again)
        assert {v.invariant for v in check_replay(good(), again)} == {"I15"}, damage.__name__
