"""Waiting for a condition with a deadline. The only place of the end-to-end tests that sleeps."""

import time

DEFAULT_TIMEOUT_S = 15.0
INTERVAL_S = 0.02


class TimedOut(AssertionError):
    pass


def until(condition, what, timeout=DEFAULT_TIMEOUT_S, interval=INTERVAL_S, retry=()):
    """Calls CONDITION until it returns something true, and returns that. Exceptions of the types in RETRY count as
    false. After TIMEOUT seconds raises TimedOut, which says WHAT was waited for and what was seen last."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            seen = condition()
        except retry as error:
            seen, result = repr(error), None
        else:
            result = seen
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TimedOut(f"waited {timeout:g} s for {what}; last seen: {str(seen)[:2000]}")
        time.sleep(interval)


def pause(seconds):
    """For load that must go on for a while before something is done to it; never to wait for something."""
    time.sleep(seconds)
