"""The process between the owner and Postgres. Started by `server.py` as a plain file; standard library only.

It runs Postgres as its child, starts it again when it dies, and stops it when the owner says so or is gone: the owner
holds the other end of our standard input, which the kernel closes however the owner ends. On Linux Postgres also gets
a parent-death signal, for the case that this process is killed. Elsewhere such an orphan keeps the folder's lock, and
the next keeper ends it before it starts its own.

Every Postgres process inherits the file descriptor of the cluster lock. So whoever can lock that file knows that none
is left, not even a backend that outlived its postmaster, and that a postmaster.pid means nothing any more, even when
it names a living process (a reused id) or a zombie. The owner's own lock is inherited by the keeper alone.

Lines on standard output: `started PID`, `exited CODE`. Lines on standard input: `ready`, `stop`.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_FAST, _IMMEDIATE = signal.SIGINT, signal.SIGQUIT  # Postgres' names for its two quicker shutdowns
_SECONDS_FAST, _SECONDS_IMMEDIATE = 20.0, 5.0
_LONGEST_PAUSE = 10.0
_OWNER_CHECK_SECONDS = 5.0


class Keeper:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.data = Path(plan["data"])
        self.owner = os.getppid()
        self.ready = False
        self.stopping = False
        self.libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None
        # SIGCHLD writes to this pipe, so that one select waits for the child and for the owner.
        self.wake, wake_end = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        for one in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # A signal to the whole process group must not end the database before the owner has drained its work.
            signal.signal(one, _ignore)

    def run(self) -> int:
        pause = 0.1
        while True:
            cluster = self.lock_cluster()
            if cluster is None:
                return 0
            began = time.monotonic()
            child = self.start(cluster)
            say(f"started {child.pid}")
            code = self.watch(child)
            if self.stopping:
                return 0
            say(f"exited {code}")
            if not self.ready:
                return 1
            pause = 0.05 if time.monotonic() - began > 60 else min(pause * 2, _LONGEST_PAUSE)
            if self.wait_for_owner(pause):
                return 0

    def lock_cluster(self) -> int | None:
        """Wait until no Postgres process is left, and return the lock for the next one; None when told to stop."""
        descriptor = os.open(self.plan["cluster_lock"], os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                end_orphan(self.data)
                if self.wait_for_owner(0.02):
                    return None
            else:
                return descriptor

    def start(self, cluster: int) -> "subprocess.Popen[Any]":
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        log = os.open(self.plan["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        child: subprocess.Popen[Any] = subprocess.Popen(
            self.plan["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=self.plan["environment"],
            pass_fds=[cluster],
            preexec_fn=self.die_with_me if self.libc else None,  # noqa: PLW1509 - one thread, so a fork is safe
            **self.plan["run_as"],
        )
        os.close(log)
        os.close(cluster)  # Postgres has its own copy now, and so will each of its processes
        return child

    def die_with_me(self) -> None:
        # After setuid: a change of user clears it.
        assert self.libc is not None
        self.libc.prctl(_PR_SET_PDEATHSIG, _FAST, 0, 0, 0)

    def watch(self, child: "subprocess.Popen[Any]") -> int:
        while child.poll() is None:
            if self.wait_for_owner(_OWNER_CHECK_SECONDS):
                self.stopping = True
                stop(child)
                return 0
        return child.returncode

    def wait_for_owner(self, seconds: float) -> bool:
        """Wait until something happens; return True when Postgres is to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            found, _, _ = select.select([0, self.wake], [], [], left)
            if 0 in found:
                words = os.read(0, 4096).split()
                if b"ready" in words:
                    self.ready = True
                if not words or b"stop" in words:
                    return True
            if self.wake in found:
                os.read(self.wake, 4096)
                return False
        # A process that the owner forked may hold its end of the pipe open: then the parent tells.
        return os.getppid() != self.owner


def stop(child: "subprocess.Popen[Any]") -> None:
    for how, seconds in ((_FAST, _SECONDS_FAST), (_IMMEDIATE, _SECONDS_IMMEDIATE), (signal.SIGKILL, 5.0)):
        child.send_signal(how)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def end_orphan(data: Path) -> None:
    """End a Postgres of ours that outlived its keeper (a keeper killed with -9, mostly where there is no PDEATHSIG)."""
    pid = postmaster_of(data)
    for how, seconds in ((_FAST, _SECONDS_FAST), (_IMMEDIATE, _SECONDS_IMMEDIATE), (signal.SIGKILL, 5.0)):
        if pid is None or not is_postgres_on(pid, data):
            return
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while is_postgres_on(pid, data) and time.monotonic() < until:
            time.sleep(0.02)


def postmaster_of(data: Path) -> int | None:
    """Return the process id in postmaster.pid, whether or not that process lives."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def is_postgres_on(pid: int, data: Path) -> bool:
    """Say whether `pid` is a living postmaster on `data`: not a zombie, and not another program with a reused id."""
    state, command = _state_and_command(pid)
    return bool(state) and not state.startswith("Z") and "postgres" in command and str(data) in command


def _state_and_command(pid: int) -> tuple[str, str]:
    if Path("/proc/self/stat").exists():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            return state, Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return "", ""
    line = subprocess.run(
        ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, command = line.partition(" ")
    return state, command


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # The owner is gone: standard input tells so at the next look.
        os.write(1, f"{line}\n".encode())


def _ignore(signum: int, frame: object) -> None: ...


if __name__ == "__main__":
    sys.exit(Keeper(json.loads(sys.argv[1])).run())
