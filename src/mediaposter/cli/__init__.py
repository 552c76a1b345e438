"""The front door for people. Commands are thin: they parse, call a service, and print."""

import asyncio
import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Errors are printed with the next step; no traceback reaches a user."""
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(given)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 130
    if code == 130:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # from here on, Ctrl-C ends us without a word
        if "--json" not in given:
            sys.stderr.write("Stopped.\n")
    raise SystemExit(code)


def _run(given: list[str]) -> int:
    # Imported here: they take a second, in which Ctrl-C is to be as quiet as later.
    from mediaposter.cli.app import app  # noqa: PLC0415
    from mediaposter.cli.faults import explain  # noqa: PLC0415
    from mediaposter.cli.output import err, fail  # noqa: PLC0415

    as_json = "--json" in given
    err.quiet = as_json  # progress is for people
    try:
        code = app(args=given, prog_name="mediaposter", standalone_mode=False)
    except BrokenPipeError:  # whoever read our output has enough of it
        return 1
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help was shown
            return 2
        fail(explain(error), as_json=as_json)
    return code if isinstance(code, int) else 0
