"""Commands about runs: start one, watch it, see how it ended, go on."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli import live
from mediaposter.cli.faults import UsageError
from mediaposter.cli.machine import command_settings, machine, some_worker
from mediaposter.cli.output import err, out, print_json, print_table, show, validation_lines
from mediaposter.cli.report import Made, print_run, print_runs, what_was_made
from mediaposter.cli.run_check import tell_check
from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.media.service import ASSET
from mediaposter.pipeline import preflight, service
from mediaposter.pipeline.models import Run, RunState, Stage
from mediaposter.pipeline.schemas import PipelineConfig, ProviderPrice, RunRead

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
RunId = Annotated[str, typer.Argument(help="The id of a run, as `mediaposter runs` lists them.")]
_OPTIONS = {"accounts": "account", "images": "image"}  # the options that are not called as their fields
_GOOD = (RunState.COMPLETED, RunState.WAITING)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("run")(run)
    app.command("runs")(runs)
    app.command("show")(show_run)
    app.command("cancel")(cancel)
    app.command("resume")(resume)
    app.command("retry")(retry)
    app.command("approve")(approve)


def run(
    prompts: Annotated[list[str] | None, typer.Argument(help="1 to 5 prompts, one a part.")] = None,
    clips: Annotated[
        list[str] | None, typer.Option("--clips", help="Your own files, URLs or asset:ID, one a part, for prompts.")
    ] = None,
    story: Annotated[bool, typer.Option("--story", help="Split one prompt: hook, tension, resolution.")] = False,
    images: Annotated[
        list[str] | None, typer.Option("--image", help="A picture for the card backgrounds: a file, URL or asset:ID.")
    ] = None,
    provider: Annotated[list[str] | None, typer.Option(help="A provider; repeat it for a chain of fallbacks.")] = None,
    aspect: Annotated[
        str | None, typer.Option(help="9:16, 1:1 or 16:9. By default 9:16; for clips, the footage's own.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of each part in seconds.")] = None,
    background: Annotated[
        str | None, typer.Option(help="Let the image model draw what is behind the words: what, or `generated`.")
    ] = None,
    speech: Annotated[
        str, typer.Option(help="Who speaks the generated parts: configured, local, openai:MODEL/VOICE ..., or none.")
    ] = "configured",
    crossfade: Annotated[float, typer.Option(help="Seconds of crossfade between parts; 0 cuts hard.")] = 0,
    accounts: Annotated[
        list[str] | None, typer.Option("--account", help="An account; repeat it. All by default.")
    ] = None,
    copywriter: Annotated[str | None, typer.Option(help="local, or a model such as openai:gpt-6-luna.")] = None,
    offer: Annotated[str | None, typer.Option(help="What you sell: the id of an offer, or a URL.")] = None,
    cta: Annotated[str | None, typer.Option(help="The words that lead to the offer.")] = None,
    publish: Annotated[
        str, typer.Option(help="now, draft, next_slot, or a moment such as 2026-12-01T09:00+01:00.")
    ] = "now",
    budget: Annotated[int | None, typer.Option(help="The most the run may spend, in cents.")] = None,
    config: Annotated[Path | None, typer.Option(help="A JSON file with the whole config; options win over it.")] = None,
    key: Annotated[str | None, typer.Option("--idempotency-key", help="Repeat it to get the same run.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Everything but publish, parts that cost included; says what would be sent."),
    ] = False,
    price: Annotated[bool, typer.Option("--price", help="Say what the parts would cost, and start nothing.")] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Say how it would stand on every account, and make, start and spend nothing."),
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Do not wait; a running `mediaposter up` does the work.")
    ] = False,
    as_json: AsJson = False,
    more_clips: Annotated[list[str] | None, typer.Option("--clip", hidden=True)] = None,
) -> None:
    """Run the whole loop: make the parts, stitch, analyze, write, publish."""
    given: dict[str, Any] = _from_file(config)
    sources = [_source(clip) for clip in [*(clips or []), *(more_clips or [])]]
    if sources:
        # `--clips a.mp4 b.mov c.webm`: what follows the option's first value arrives as arguments.
        given["clips"] = sources + [_source(text) for text in prompts or []]
    elif prompts:
        given["prompts"] = prompts
    options: dict[str, Any] = {
        "images": [_source(text) for text in images] if images else None,
        "provider": provider,
        "seconds": seconds,
        "accounts": accounts,
        "copywriter": copywriter,
        "budget": {"money_minor": budget} if budget is not None else None,
        "aspect": aspect,
        "background": background,
        "speech": speech if speech != "configured" else None,
        "crossfade": crossfade or None,
        "publish": publish if publish != "now" else None,
        "story": story or None,
        "dry_run": dry_run or None,
        "offer": _offer(offer, cta),
    }
    given |= {name: value for name, value in options.items() if value is not None}
    if not (given.get("prompts") or given.get("clips")):
        raise UsageError(
            "There is nothing to make a video of.",
            fix='Give a prompt: mediaposter run "Your idea" --copywriter local. '
            "Or your own footage: mediaposter run --clips a.mp4 b.mov --copywriter local.",
        )
    asked = parse_config(given, file=config)
    if price:
        _tell_price(asked, as_json=as_json)
        return
    if check:
        tell_check(asked, as_json=as_json)
        return

    async def start(session: AsyncSession, ctx: Context) -> Run:
        started = await service.start_run(session, asked, settings=ctx.settings, idempotency_key=key, clock=ctx.clock)
        return started.run

    _work_on(start, as_json=as_json, detach=detach)


def _tell_price(asked: PipelineConfig, *, as_json: bool) -> None:
    async def read() -> list[ProviderPrice]:
        async with machine(command_settings()):
            return preflight.prices(asked)

    told = asyncio.run(read())

    def cells(one: ProviderPrice) -> list[str]:
        if one.total_minor is None:
            return [one.provider, "", f"{one.problem} {one.fix}"]
        each = " + ".join(f"{part / 100:.2f}" for part in one.parts)
        return [one.provider, f"{one.total_minor / 100:.2f} {one.currency}", each if one.total_minor else "free"]

    show(
        [one.model_dump(mode="json") for one in told],
        as_json=as_json,
        human=lambda: print_table(("provider", "at most", "part by part"), map(cells, told)),
    )


def runs(
    state: Annotated[list[RunState] | None, typer.Option(help="Only runs in this state; repeat it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""

    async def read() -> list[RunRead]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return [RunRead.of(run) for run in await service.list_runs(session, states=state or (), limit=limit)]

    found = asyncio.run(read())
    show([run.model_dump(mode="json") for run in found], as_json=as_json, human=lambda: print_runs(found))


def show_run(run_id: RunId, as_json: AsJson = False) -> None:
    """Show one run: its stages, costs, accounts and reasons."""

    async def read() -> tuple[RunRead, Made]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            run = RunRead.of(await service.get_run(session, run_id))
            return run, await what_was_made(ctx, session, run)

    found, made = asyncio.run(read())
    show(found, as_json=as_json, human=lambda: print_run(found, made))


def cancel(run_id: RunId, as_json: AsJson = False) -> None:
    """Stop a run. What is public stays public and is named."""

    async def change() -> RunRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return RunRead.of(await service.cancel_run(session, run_id, clock=ctx.clock))

    found = asyncio.run(change())
    show(found, as_json=as_json, human=lambda: print_run(found))


def resume(run_id: RunId, as_json: AsJson = False, detach: bool = False) -> None:
    """Go on after a failure or a cancel: finished stages are not done again."""
    _work_on(lambda session, _: service.resume_run(session, run_id), as_json=as_json, detach=detach)


def retry(
    run_id: RunId,
    from_stage: Annotated[Stage | None, typer.Option("--from", help="Redo from this stage on.")] = None,
    as_json: AsJson = False,
    detach: bool = False,
) -> None:
    """Redo what failed: only the accounts that were refused, or everything from a stage on."""
    _work_on(
        lambda session, _: service.retry_run(session, run_id, from_stage=from_stage), as_json=as_json, detach=detach
    )


def approve(run_id: RunId, as_json: AsJson = False, detach: bool = False) -> None:
    """Let a draft go on to publish."""
    _work_on(lambda session, _: service.approve_run(session, run_id), as_json=as_json, detach=detach)


def parse_config(given: dict[str, Any], *, file: Path | None = None) -> PipelineConfig:
    """Check what the user asked for. Raises InvalidInputError naming each field, its rule and the mend."""
    try:
        return PipelineConfig.model_validate(given)
    except ValidationError as error:
        also = f", or mend it in {file}" if file else ""
        problems = [
            FieldProblem(field, rule, f"Mend {_option(field)}; `mediaposter run --help` says what it takes{also}")
            for field, rule in validation_lines(error)
        ]
        raise InvalidInputError(
            f"The run is not described well: {', '.join(problem.field for problem in problems)}.",
            fix="Mend what is named above.",
            errors=problems,
        ) from error


def _option(field: str) -> str:
    name = field.partition(".")[0]
    return {"prompts": "the prompts", "config": "the options"}.get(name) or f"--{_OPTIONS.get(name, name)}"


def _work_on(begin: Callable[[AsyncSession, Context], Awaitable[Run]], *, as_json: bool, detach: bool) -> None:
    ended, made = asyncio.run(start_and_follow(begin, as_json=as_json, detach=detach))
    if as_json:
        print_json(ended)
    elif detach:
        out.print(f"{ended.id} is queued. Watch it with `mediaposter show {ended.id}`.")
    else:
        print_run(ended, made, stages=False)
    if not detach and ended.state not in _GOOD:
        raise SystemExit(1)


async def start_and_follow(
    begin: Callable[[AsyncSession, Context], Awaitable[Run]], *, as_json: bool = False, detach: bool = False
) -> tuple[RunRead, Made]:
    """Begin something with a run and show it until it ends. Ctrl-C leaves the run queued, to be gone on with."""
    async with machine(command_settings()) as ctx:
        async with ctx.database.session() as session:
            run = RunRead.of(await begin(session, ctx))
        if not detach:
            run = await follow_run(ctx, run.id, as_json=as_json)
        async with ctx.database.session() as session:
            return run, await what_was_made(ctx, session, run)


async def follow_run(ctx: Context, run_id: str, *, as_json: bool) -> RunRead:
    """Work on a run, if no one else does, and show it until it has ended. Ctrl-C says how it goes on."""

    async def read() -> RunRead:
        async with ctx.database.session() as session:
            return RunRead.of(await service.get_run(session, run_id))

    ours = True
    said = False
    try:
        async with some_worker(ctx) as ours:
            try:
                return await live.follow(read, live.view_for(err, quiet=as_json))
            except asyncio.CancelledError:  # said before the worker is stopped: that can take as long as a step does
                _left_behind(run_id, as_json=as_json, ours=ours)
                said = True
                raise
    except asyncio.CancelledError:
        if not said:
            _left_behind(run_id, as_json=as_json, ours=ours)
        raise


def _left_behind(run_id: str, *, as_json: bool, ours: bool) -> None:
    how = "goes on from its last finished step when a worker comes" if ours else "goes on: another worker has it"
    steps = {
        "go on": "mediaposter up",
        "see how it stands": f"mediaposter show {run_id}",
        "stop it for good": f"mediaposter cancel {run_id}",
    }
    if as_json:
        print_json({"code": "INTERRUPTED", "detail": f"The run {run_id} {how}.", "run": run_id, "next": steps})
        return
    err.print(f"\nNot watching any more. The run {run_id} {how}.", soft_wrap=True)
    for what, command in steps.items():
        if ours or what != "go on":
            err.print(f"  {what:<18} {command}", soft_wrap=True)
    if ours:
        err.print("Waiting for the step in hand to end; Ctrl-C again leaves at once.")


def _from_file(path: Path | None) -> dict[str, Any]:
    """Return the fields of a config file, which may leave to the command line what it does not say."""
    if path is None:
        return {}
    try:
        read = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", fix="Name a JSON file.") from error
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON: {error}.", fix="Mend the file there.") from error
    if not isinstance(read, dict):
        raise InvalidInputError(f"{path} is not a config.", fix='Write an object, such as {"copywriter": "local"}.')
    return cast(dict[str, Any], read)


def _source(text: str) -> str:
    if "://" in text or text.startswith(ASSET):
        return text
    return str(Path(text).expanduser().absolute())


def _offer(offer: str | None, cta: str | None) -> dict[str, Any] | None:
    if offer is None:
        if cta is not None:
            raise InvalidInputError("--cta needs --offer.", fix="Say what the words lead to: --offer URL.")
        return None
    chosen: dict[str, Any] = {"url": offer} if "://" in offer else {"id": offer}
    return chosen | ({"cta": cta} if cta else {})
