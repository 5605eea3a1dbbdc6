"""One cluster under load: gateways, consumers, a log and a store, and what a plan does to them. At the end it is looked
at from outside."""

import contextlib
import random
import signal
import time

from harness import folds
from harness.checker import History, Violation, check, check_replay
from harness.graphql import Client
from harness.kafka import free_port
from harness.load import MOVE, Ledger
from harness.logfirst import LEDGER, Logfirst
from harness.wait import TimedOut, pause, until

import plan
from logs import bring_back
from poison import AWAY, Poisoner

ZOMBIE_S = 4.0  # longer than the session time-out of logs.GROUP, and than others need to go on
AWAKE_S = 0.3  # then it tries to write
CALM_S = 60.0  # once faults stop, all must be well within this (I14)
POINT_S = {"embedded": 1.5, "kafka": 3.0}  # a process that has not come to its point by then is killed where it is
ASK_AGAIN = 12  # idempotency keys asked for once more at the end


# Ends that break no promise, and which whoever runs the program (systemd, say) heals by starting it again: counted.
EXCUSES = {
    "assignor_state' failed": "librdkafka #4312: who leaves before the first assignment aborts (fixed in 2.3)",
    "fenced by other consumer with same group.instance.id": "a static member's last join, killed meanwhile, reached the"
    " broker after that of its successor",
}


def is_stopped(process):
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"
    return False


class World:
    """ENV: more environment of every process. EVENTS: mutations of a cycle. CALM: how long all may take to come to its
    end."""

    def __init__(self, told, log, store, folder, seed, events, env=None, accounts=200, calm=CALM_S):
        self.plan, self.log, self.store, self.folder, self.env = told, log, store, folder, env or {}
        self.events, self.calm = events, calm
        self.dice = random.Random(f"{seed}/{told.name}/others")
        self.gateways, self.consumers = plan.servers_of(told.cell, told.split)
        self.ports = {name: free_port() for name in self.gateways}
        self.away = set()  # gateways that are down
        self.processes = {}
        self.expected = set()  # processes that may have ended: they were killed, or are to come to a point
        self.history = History(fold=folds.ledger, fold_seen=folds.ledger_seen, retried_early=True)
        self.poisoner = Poisoner(self.dice, accounts)
        self.load = Ledger(self.addresses, clients=4, accounts=accounts, seed=f"{seed}/{told.name}", keys=0.2,
                           reads=0.05, window=16, paced=True)
        self.points_hit = 0
        self.excused = []

    # --- processes

    def addresses(self):
        return [("127.0.0.1", port) for name, port in self.ports.items() if name not in self.away]

    def make(self, name, env):
        command = "up" if name == "up" else name.split("-")[0]
        options = [*self.log.options, "--store", self.store.url, "--group", self.log.group]
        if name in self.consumers and self.plan.workers > 1:
            options += ["--workers", str(self.plan.workers)]
        if name in ("consumer-1", "consumer-2") and self.plan.cell.log == "kafka":
            options += ["--instance-id", name]
        listen = f"127.0.0.1:{self.ports[name]}" if name in self.ports else "127.0.0.1:0"
        if self.plan.cell.log == "embedded":
            env = {"LOGFIRST_DISK": str(self.log.fault), **env}
        return Logfirst(command, LEDGER, self.folder / name, *options, listen=listen, env={**self.env, **env})

    def start(self, name, **env):
        """Does not wait: clients and groups find out by themselves."""
        self.processes[name] = self.make(name, env)
        self.processes[name].spawn()
        self.expected.discard(name)
        self.away.discard(name)

    def end(self, name, how="kill"):
        self.away.add(name)
        process = self.processes[name]
        if how == "stop":
            try:
                status = process.stop(30)
            except TimedOut as error:
                self.history.stuck.append(f"{name} did not stop: {error}")
                status = process.kill()
            early = status == -signal.SIGTERM and not any("msg=ready" in line for line in process.stderr)
            self.expect(status == 0 or early, f"{name} stopped with status {status}", process)
        else:
            process.kill()
        process.close()

    def expect(self, good, words, process):
        if good:
            return
        said = "\n".join(process.stderr[-5:])
        reasons = [why for pattern, why in EXCUSES.items() if pattern in said]
        if reasons:
            self.excused.append(reasons[0])
        else:
            self.history.stuck.append(f"{words}\n{process.tail(20)}")

    def look_after(self):
        """Nobody ends by itself."""
        for name, process in self.processes.items():
            if not process.running() and name not in self.expected:
                self.expect(False, f"{name} ended by itself with status {process.popen.returncode}", process)
                process.close()
                self.start(name)

    def begin(self):
        for name in dict.fromkeys([*self.gateways, *self.consumers]):
            self.start(name)
        self.load.start()
        return self

    # --- cycles

    def run(self, told=None):
        """All cycles of the plan; TOLD is called after each."""
        for number, faults in enumerate(self.plan.cycles):
            self.cycle(faults)
            if told is not None:
                told(number)

    def cycle(self, faults):
        """Load, the faults in the midst of it, and an end: every mutation has its answer, or has lost it."""
        before, third = sum(self.load.counts()), self.events // 3
        self.load.grant(third)
        self.wait(lambda: sum(self.load.counts()) >= before + third // 2, "answers")
        for fault in faults:
            self.inflict(fault)
        self.look_after()
        self.load.grant(third)
        self.wait(self.load.quiet, "all answers")

    def wait(self, condition, what):
        """I14: a world without faults goes on."""
        try:
            until(condition, what, self.calm)
        except TimedOut as error:
            self.look_after()
            tails = "\n".join(process.tail(15) for process in self.processes.values())
            raise TimedOut(f"{error}\n{tails}") from None

    def inflict(self, fault):
        if not fault.point:
            self.load.grant(self.events // 3)
        getattr(self, "do_" + fault.kind.replace(" ", "_"))(fault)

    def look(self, offsets=False):
        """A snapshot, where there is somebody to ask."""
        committed = self.log.committed() if offsets else {}
        with contextlib.suppress(Exception):  # the store may be the one that is away
            seen = self.store.snapshot(self.log.group)
            if seen is not None:
                seen.committed = committed
                self.history.snapshots.append(seen)

    # --- what happens

    def server(self, whom):
        return {"broker": self.log, "store": self.store}[whom].server

    def proxy(self, whom):
        return {"broker": self.log, "store": self.store}[whom].proxy

    def do_kill(self, fault):
        if fault.whom in ("broker", "store"):
            self.server(fault.whom).kill()
            bring_back(self.server(fault.whom))
            return
        pause(fault.seconds)
        self.end(fault.whom)
        self.look()
        self.start(fault.whom)

    def do_restart(self, fault):
        self.end(fault.whom, "stop")
        self.look(offsets=fault.whom.startswith("consumer"))
        self.start(fault.whom)

    def do_gone(self, fault):
        self.end(fault.whom, "stop")
        pause(fault.seconds)
        self.start(fault.whom)

    def arm(self, fault, by):
        """The process runs anew and will come to the point."""
        self.end(fault.whom)
        self.start(fault.whom, LOGFIRST_CRASH_AT=fault.point, LOGFIRST_CRASH_BY=by)
        self.expected.add(fault.whom)
        return self.processes[fault.whom]

    def come_to(self, point, there):
        """Load, little by little so that there are many batches, until THERE() or for as long as it may take."""
        left = self.events // 3
        step = max(1, left // 40)

        def drip():
            nonlocal left
            self.load.grant(min(step, left))
            left -= min(step, left)
            return there()

        try:
            until(drip, point, POINT_S[self.plan.cell.log])
            self.points_hit += 1
            return True
        except TimedOut:
            return False

    def do_point(self, fault, by="kill"):
        process = self.arm(fault, by)
        self.come_to(fault.point, lambda: not process.running())
        self.end(fault.whom)
        self.look()
        self.start(fault.whom)

    def do_power(self, fault):
        self.do_point(fault, "power")

    def do_poison_point(self, fault):
        self.do_poison(fault)
        self.do_point(fault)

    def do_zombie(self, fault):
        """Frozen within a batch until the group has given its partitions to others, and some time more."""
        process = self.arm(fault, "stop")
        if not self.come_to(fault.point, lambda: is_stopped(process)):
            self.end(fault.whom)
            self.start(fault.whom)
            return
        self.load.grant(self.events // 3)  # for the others
        pause(ZOMBIE_S)
        self.look()
        process.thaw()
        self.expected.discard(fault.whom)
        awake = time.monotonic() + AWAKE_S
        while time.monotonic() < awake:  # what it writes may be written over soon
            self.look()

    def do_freeze(self, fault):
        frozen = self.server(fault.whom) if fault.whom in ("broker", "store") else self.processes[fault.whom]
        frozen.freeze()
        pause(fault.seconds)
        frozen.thaw()

    def do_cut(self, fault):
        self.proxy(fault.whom).cut()

    def do_slow(self, fault):
        self.proxy(fault.whom).slow(0.02)
        pause(fault.seconds)
        self.proxy(fault.whom).slow(0)

    def do_cut_clients(self, fault):
        self.load.cut(2)

    def do_lock_store(self, fault):
        with contextlib.suppress(TimedOut):  # somebody is to be at work
            until(self.at_work, "the first position", 10)
        more = self.events // 3  # what came before may all be committed when the lock is had
        self.store.lock(fault.seconds, lambda: self.load.grant(more), lambda: self.look(offsets=True))

    def at_work(self):
        seen = self.store.snapshot(self.log.group)
        return seen is not None and seen.positions

    def do_disk_full(self, fault, byte="f"):
        self.log.fault.write_text(byte, encoding="ascii")
        pause(fault.seconds)
        self.log.fault.unlink()

    def do_disk_broken(self, fault):
        self.do_disk_full(fault, "s")

    def do_poison(self, fault):
        with contextlib.suppress(*AWAY):  # the log may be the one that is away, or have no topic yet
            self.poisoner.send(self.log.append)

    # --- the end

    def finish(self):
        """Everything comes to its end; then what is left is read and judged. All violations."""
        self.load.stop()
        self.look(offsets=True)
        self.look_after()
        ends = self.log.ends()
        self.wait(lambda: self.store.reached(self.log.group, ends), "the consumers at the end of the log")
        self.ask_again()
        for name in list(self.processes):
            self.expected.add(name)
            self.end(name, "stop")
        return self.judge()

    def ask_again(self):
        """I11: a key that was answered is answered the same by any gateway, whatever happened since; with another
        payload it is refused."""
        keyed = [ack for ack in self.load.acknowledged if ack.key]
        for ack in self.dice.sample(keyed, min(ASK_AGAIN, len(keyed))):
            name = self.dice.choice(self.gateways)
            client = Client(("127.0.0.1", self.ports[name]), timeout=30)
            other = self.dice.random() < 0.3
            payload = {**ack.payload, "amount": ack.payload["amount"] + 1} if other else ack.payload
            variables = {"a": payload["accountId"], "m": payload["amount"], "n": payload["note"]}
            with contextlib.suppress(OSError):
                answer = client.post(MOVE, variables, headers={"idempotency-key": ack.key})
                if answer.json and not answer.errors:
                    receipt = answer.data["move"]
                    place = (receipt["topic"], receipt["partition"], int(receipt["offset"]))
                    self.history.answers.append((ack.key, payload, receipt["eventId"], place))
            client.close()

    def post_mortem(self):
        """What can be said of a world that did not come to its end."""
        self.close()
        self.load.abandon()
        return self.judge(caught_up=False)

    def judge(self, caught_up=True):
        history = self.load.fill(self.history)
        history.attempts += self.poisoner.attempts
        history.must_die = self.poisoner.must_die
        history.log = self.log.records()
        history.dead_records = self.log.dead_records()
        history.broker_positions = self.log.committed()
        self.store.read(history, self.log.group)
        return check(history, caught_up)

    def replay(self, store):
        """I15: the same log into an empty store."""
        options, group = self.log.again(self.folder / "again")
        ends = self.log.ends()
        again = Logfirst("consumer", LEDGER, self.folder / "again", *options, "--store", store.url, "--group", group,
                         env=self.env)
        again.spawn()
        try:
            until(lambda: store.reached(group, ends), "the replay", self.calm)
            status = again.stop()
            if status != 0:
                return [Violation("I15", f"the replay stopped with status {status}")]
        except TimedOut as error:
            return [Violation("I15", f"the replay did not come to its end: {error}")]
        finally:
            again.close()
        return check_replay(self.history, store.read(History(), group))

    def close(self):
        for process in self.processes.values():
            if process.running():
                process.kill()
            process.close()
        self.load.abandon()
