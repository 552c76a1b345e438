"""Commands about publications: the ledger of what went where."""

import asyncio
from typing import Annotated, Any

import typer
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli.machine import command_settings, machine, some_worker
from mediaposter.cli.output import out, print_table, show, slowly
from mediaposter.core import engine
from mediaposter.metrics import service as metrics
from mediaposter.metrics.schemas import SnapshotRead
from mediaposter.publishing import service
from mediaposter.publishing.guards import money
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.schemas import PublicationDetail, PublicationRead

app = typer.Typer(help="Publications: what went where, and how it ended.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PublicationId = Annotated[str, typer.Argument(help="The id of a publication, as `publications list` shows it.")]
_COLOURS = {Outcome.CONFIRMED: "green", Outcome.REJECTED: "red", Outcome.UNKNOWN: "yellow"}


@app.command("list")
def list_all(
    run: Annotated[str | None, typer.Option(help="Only those of a run.")] = None,
    outcome: Annotated[list[Outcome] | None, typer.Option(help="Only these outcomes; repeat it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the ledger, newest first."""

    async def read() -> list[PublicationRead]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            rows = await service.list_publications(session, run_id=run, outcomes=outcome or (), limit=limit)
            return [PublicationRead.of(row) for row in rows]

    found = asyncio.run(read())

    def human() -> None:
        if not found:
            out.print('Nothing was published yet. Try: mediaposter run "Your idea" --copywriter local')
            return
        print_table(
            ("publication", "account", "outcome", "what there is to know"),
            (
                (
                    row.id,
                    f"{row.channel}:{row.handle}",
                    Text(row.outcome, style=_COLOURS.get(row.outcome, "")),
                    f"{row.verdict}{_due(row)}",
                )
                for row in found
            ),
        )

    show([row.model_dump(mode="json", by_alias=True) for row in found], as_json=as_json, human=human)


@app.command("show")
def show_one(publication_id: PublicationId, as_json: AsJson = False) -> None:
    """Explain one publication: every attempt, the verdict, and what to do."""
    _print(asyncio.run(_read(publication_id)), as_json=as_json)


@app.command("retry")
def retry(
    publication_id: PublicationId,
    allow_repeat: Annotated[
        bool, typer.Option("--allow-repeat", help="It may show what the account has shown before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a refused publication again, as a new attempt, and wait for how it ends."""

    async def send() -> PublicationDetail:
        async with machine(command_settings()) as ctx:
            async with ctx.database.session() as session:
                row = await service.retry_publication(session, publication_id, allow_repeat=allow_repeat)
                workflow_id = row.workflow_id
            async with some_worker(ctx):
                with slowly("Sending"):
                    await engine.result(workflow_id)
            async with ctx.database.session() as session:
                return await _detail(session, publication_id)

    _print(asyncio.run(send()), as_json=as_json)


@app.command("cancel")
def cancel(publication_id: PublicationId, as_json: AsJson = False) -> None:
    """Take back a publication that was not sent."""

    async def take_back() -> PublicationDetail:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.cancel_publication(session, publication_id)
            return await _detail(session, publication_id)

    _print(asyncio.run(take_back()), as_json=as_json)


@app.command("answer")
def answer(
    publication_id: PublicationId,
    public: Annotated[bool, typer.Option("--public/--not-public", help="Whether it is on the account.")],
    url: Annotated[str | None, typer.Option(help="Where it is, if you have it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether an unknown publication is public, where no machine can read the account."""

    async def settle() -> PublicationDetail:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.answer_publication(session, publication_id, public=public, url=url)
            return await _detail(session, publication_id)

    _print(asyncio.run(settle()), as_json=as_json)


def _print_preflight(seen: dict[str, Any]) -> None:
    """Print what the last look ahead of its time found."""
    out.print(f"\nLooked ahead {seen['look']} before, at {seen['at'][:19].replace('T', ' ')}", style="dim")
    for rule in seen["broken"]:
        told = f"{rule['field']}: {rule['rule']}, found {rule['found']}. {rule['fix']}"
        out.print(Text.assemble(("  ✗ ", "red"), told), soft_wrap=True)
    for check in seen["checks"]:
        mark = ("  ✓ ", "green") if check["ok"] else ("  ✗ ", "red")
        out.print(Text.assemble(mark, f"{check['name']}: {check['says']} {check['fix']}".rstrip()), soft_wrap=True)
    for change in seen["adapts"]:
        told = f"{change['field']}: {change['found']} becomes {change['becomes']}"
        out.print(Text.assemble(("  → ", "yellow"), told), soft_wrap=True)


def _print_part(part: PublicationRead) -> None:
    """Print how a further post of a thread or the first comment stands."""
    outcome = Text(part.outcome, style=_COLOURS.get(part.outcome, ""))
    out.print(Text.assemble(f"  └ {part.kind} {part.part}  ", outcome, f"  {part.id}  {part.verdict}"), soft_wrap=True)


def _due(row: PublicationRead) -> str:
    if row.outcome is not Outcome.PLANNED or row.due_at is None:
        return ""
    return f" Due {row.due_at.astimezone():%Y-%m-%d %H:%M}."


async def _read(publication_id: str) -> PublicationDetail:
    async with machine(command_settings()) as ctx, ctx.database.session() as session:
        return await _detail(session, publication_id)


async def _detail(session: AsyncSession, publication_id: str) -> PublicationDetail:
    row = await service.get_publication(session, publication_id)
    return PublicationDetail.of(row, await service.parts_of(session, row))


def _print(publication: PublicationDetail, *, as_json: bool) -> None:
    def human() -> None:
        outcome = Text(publication.outcome, style=f"bold {_COLOURS.get(publication.outcome, '')}".strip())
        out.print(Text.assemble(f"{publication.channel}:{publication.handle}  ", outcome, f"  {publication.id}"))
        out.print(f"{publication.verdict}{_due(publication)}", soft_wrap=True)
        if publication.next:
            out.print(Text.assemble(("Next:  ", "bold"), publication.next), soft_wrap=True)
        if publication.cost_micros is not None and publication.currency is not None:
            out.print(f"Costs  {money(publication.cost_micros, publication.currency)}")
        for part in publication.parts:
            _print_part(part)
        if publication.preflight is not None:
            _print_preflight(publication.preflight)
        for attempt in publication.attempts:
            out.print(f"\nAttempt {attempt.number}", style="dim")
            for line in attempt.trail:
                out.print(
                    f"  {line['at'][:19].replace('T', ' ')}  {line['outcome']:<10} {line['note']}", soft_wrap=True
                )
            if attempt.request:
                out.print(f"  the platform was asked: {attempt.request}", style="dim", soft_wrap=True)
            if attempt.answer:
                out.print(f"  the platform answered: {attempt.answer}", style="dim", soft_wrap=True)

    show(publication.model_dump(mode="json", by_alias=True), as_json=as_json, human=human)


@app.command("metrics")
def show_metrics(
    publication: PublicationId,
    as_json: AsJson = False,
) -> None:
    """Show what the platform told of a publication at 1h, 6h, 24h, 72h and 7d."""

    async def read() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            found = await metrics.list_snapshots(session, publication_id=publication)
            return [SnapshotRead.model_validate(one).model_dump(mode="json") for one in found]

    found = asyncio.run(read())
    counts = ("impressions", "views", "likes", "comments", "shares", "saves", "link_clicks")

    def cells(one: dict[str, Any]) -> list[str]:
        late = " late" if one["late"] else ""
        told = ["-" if one[name] is None else str(one[name]) for name in counts]
        return [one["age"], one["state"] + late, one["taken_at"][:16], *told]

    def human() -> None:
        if not found:
            out.print("Nothing was read yet: the first reading is an hour after a post became public.")
            return
        print_table(("age", "state", "read at", *counts), map(cells, reversed(found)))

    show(found, as_json=as_json, human=human)
