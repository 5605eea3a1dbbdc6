"""A child process whose output is read as it comes, and that is ended by its own id."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from harness.wait import TimedOut

ALIVE = []  # every process that has not been closed, for the report of a failed test


class Process:
    """ARGV with its output captured line by line. `stdout` and `stderr` are lists that grow while it runs."""

    def __init__(self, argv, env=None, cwd=None, stdin=None, name=None):
        self.argv = [str(word) for word in argv]
        self.name = name or os.path.basename(self.argv[0])
        self.env = env
        self.cwd = cwd
        self.stdin = stdin
        self.popen = None
        self.stdout, self.stderr = [], []
        self.changed = threading.Condition()
        self.readers = []

    # --- start and output

    def spawn(self):
        assert self.popen is None or self.popen.poll() is not None, f"{self.name} runs already"
        self.stdout, self.stderr = [], []
        self.popen = subprocess.Popen(
            self.argv,
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.PIPE if self.stdin == "pipe" else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.popen.stdout, self.stdout), (self.popen.stderr, self.stderr))
        ]
        for reader in self.readers:
            reader.start()
        if self not in ALIVE:
            ALIVE.append(self)
        return self

    def _read(self, stream, lines):
        for raw in stream:
            with self.changed:
                lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        stream.close()
        with self.changed:
            self.changed.notify_all()

    def wait_line(self, pattern, timeout=20.0, lines=None, after=0):
        """The first line (of stderr, or of LINES) from index AFTER that matches the regular expression, as a match.
        Fails at once when the process ends without one."""
        lines = self.stderr if lines is None else lines
        compiled = re.compile(pattern)
        deadline = time.monotonic() + timeout
        at = after
        with self.changed:
            while True:
                while at < len(lines):
                    match = compiled.search(lines[at])
                    if match:
                        return match
                    at += 1
                ended = self.popen.poll() is not None and not any(reader.is_alive() for reader in self.readers)
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    why = f"ended with status {self.popen.returncode}" if ended else f"said nothing in {timeout:g} s"
                    raise TimedOut(f"{self.name} {why}; no line like {pattern!r}\n{self.tail()}")
                self.changed.wait(min(left, 0.1))

    def tail(self, count=60):
        out = [f"$ {' '.join(self.argv)}"]
        for title, lines in (("stdout", self.stdout), ("stderr", self.stderr)):
            if lines:
                out.append(f"[{title}, last {min(count, len(lines))} of {len(lines)} lines]")
                out += [line[:1000] for line in lines[-count:]]
        return "\n".join(out)

    def stacks(self):
        """Where its threads are, if there is a debugger to ask."""
        if not shutil.which("gdb"):
            return "(no gdb, no stacks)"
        words = ["gdb", "-p", str(self.pid), "-batch", "-ex", "thread apply all bt 12"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        return "\n".join(line for line in done.stdout.splitlines() if line.startswith(("#", "Thread")))

    # --- state

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # --- signals and end

    def signal(self, number):
        if self.running():
            self.popen.send_signal(number)

    def terminate(self):
        self.signal(signal.SIGTERM)

    def kill(self):
        """kill -9, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        return self.wait(10)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def wait(self, timeout=20.0):
        """The exit status (negative: the signal that ended it)."""
        try:
            status = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"{self.name} did not end within {timeout:g} s\n{self.tail()}\n{self.stacks()}") from None
        for reader in self.readers:
            reader.join(5)
        return status

    def stop(self, timeout=20.0):
        """SIGTERM; the exit status."""
        self.terminate()
        return self.wait(timeout)

    def close(self):
        """For the end of a test: whatever it does, it is gone afterwards."""
        if self.running():
            self.thaw()
            self.terminate()
            try:
                self.wait(15)
            except TimedOut:
                self.kill()
        if self in ALIVE:
            ALIVE.remove(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def scratch(prefix="logfirst-"):
    """A temporary folder; use it as a context manager."""
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
