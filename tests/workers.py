"""Worker processes for tests that kill them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from mediaposter.core.context import Context

_REPOSITORY = Path(__file__).parents[1]


class Worker:
    """A real worker process on the test's database. `module` is what it runs, `lease` how long it may be silent (s)."""

    def __init__(
        self,
        ctx: Context,
        *,
        module: str = "mediaposter.worker",
        lease: float = 12.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--announce", "--with-parent"],
            cwd=_REPOSITORY,
            env={
                **os.environ,
                "MEDIAPOSTER_HOME": str(ctx.settings.home),
                "DATABASE_URL": ctx.database.url,
                "MEDIAPOSTER_WORKER_LEASE_SECONDS": str(lease),
                "MEDIAPOSTER_LOG_LEVEL": "ERROR",
                **(env or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def ready(self) -> None:
        """Wait until it works."""
        output: IO[str] | None = self.process.stdout
        assert output is not None
        line = await asyncio.to_thread(output.readline)
        assert json.loads(line)["ready"]

    def kill(self) -> None:
        """Kill -9, unless it has ended already."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
