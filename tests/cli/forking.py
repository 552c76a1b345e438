"""Commands without the second that their imports take: one process that has imported them forks for each.

Each line on standard input is a command: its arguments, environment, folder and where its output goes. The answer is
its exit code. The child is a process of its own that enters by the same `main` as the installed script.
"""

import json
import os
import sys

import mediaposter.cli.app  # noqa: F401 - imported once, for all
from mediaposter.cli import main


def run(asked: dict[str, object]) -> None:
    """Be the command, to its end."""
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(str(asked[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        main(asked["args"])  # type: ignore[arg-type]
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


while line := sys.stdin.readline():
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    status = os.waitpid(child, 0)[1]
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
    sys.stdout.flush()
