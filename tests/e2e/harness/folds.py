"""What the events of the test schemas add up to, written once more in Python. Columns are named as in the tables."""


def quotes(events):
    """QuoteCreated: fields of the same name are copied."""
    state = None
    for event in events:
        if event.event_type == "QuoteCreated":
            state = {"customer_id": event.payload["customerId"], "amount": event.payload["amount"]}
    return state


def ledger(events):
    """Moved of schemas/ledger.graphql."""
    state = None
    for event in events:
        if event.event_type != "Moved":
            continue
        state = state or {"account_id": event.payload["accountId"], "balance": 0, "moves": 0, "last": None, "notes": []}
        state["balance"] += event.payload["amount"]
        state["moves"] += 1
        state["last"] = event.payload["note"]
        state["notes"].append(event.payload["note"])
    return state


def ledger_seen(events):
    """What readers of harness.load may see, after each event."""
    steps, balance = [], 0
    for event in events:
        if event.event_type != "Moved":
            continue
        balance += event.payload["amount"]
        steps.append({"accountId": event.payload["accountId"], "balance": balance, "moves": len(steps) + 1,
                      "last": event.payload["note"]})
    return steps
