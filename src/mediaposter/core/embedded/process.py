"""The owner's side of the keeper: start it, hear from it, replace it when it is killed, stop it."""

import contextlib
import json
import subprocess
import sys
import threading
from typing import IO, Any

from mediaposter.core.embedded import keeper
from mediaposter.core.embedded.account import Account
from mediaposter.core.embedded.folder import Folder

_SECONDS_TO_STOP = 40.0  # longer than the keeper's own patience with Postgres


class KeptPostgres:
    """A Postgres that runs under a keeper until `stop()`, or until this process ends in whatever way."""

    def __init__(
        self, command: list[str], *, files: Folder, lock: int, account: Account, environment: dict[str, str]
    ) -> None:
        self._plan: dict[str, Any] = {
            "command": command,
            "data": str(files.data),
            "log": str(files.log),
            "cluster_lock": str(files.cluster_lock),
            "environment": environment,
            "run_as": account.popen_options,
        }
        self._lock = lock
        self._guard = threading.Lock()
        self._stopping = False
        self._ready = False
        self.postmaster: int | None = None
        self.failed = threading.Event()
        self._process = self._spawn()
        self._listener = threading.Thread(target=self._listen, name="postgres-keeper", daemon=True)
        self._listener.start()

    @property
    def keeper(self) -> int:
        """The process id of the present keeper."""
        return self._process.pid

    def ready(self) -> None:
        """Say that Postgres answered: from now on it is started again whenever it dies."""
        self._ready = True
        self._tell("ready")

    def stop(self) -> None:
        """Stop Postgres and wait until it is gone."""
        with self._guard:
            self._stopping = True
        self._tell("stop")
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._close_pipes()

    def _spawn(self) -> "subprocess.Popen[str]":
        # A session of its own: Ctrl-C in the terminal goes to the owner only, which drains first. -I and -S: nothing
        # of the environment or of site-packages is imported, so it starts in a few milliseconds.
        return subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, json.dumps(self._plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,
            pass_fds=[self._lock],
        )

    def _listen(self) -> None:
        while True:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                word, _, value = line.partition(" ")
                if word == "started":
                    self.postmaster = int(value)
            self._process.wait()
            with self._guard:
                if self._stopping or not self._ready:
                    self.failed.set()
                    return
                # The keeper was killed. A new one waits for the old Postgres to end, then starts it anew.
                self._close_pipes()
                self._process = self._spawn()
            self._tell("ready")

    def _tell(self, word: str) -> None:
        pipe: IO[str] | None = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(f"{word}\n")
            pipe.flush()
        except (OSError, ValueError):
            pass  # The keeper is gone: the listener deals with it.

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not yet written to a keeper that is gone
                    pipe.close()
