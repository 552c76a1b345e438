"""Commands about campaigns: tweets that go out by themselves, seen and changed before they do."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import service
from mediaposter.campaigns.models import Campaign, Missed, Tweet
from mediaposter.campaigns.schemas import CampaignPlan, CampaignRead, QuietHours, TweetRead
from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, InvalidInputError

app = typer.Typer(help="Campaigns: a tweet every two hours, or as you like.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Which = Annotated[str, typer.Argument(help="The campaign's id.")]
Number = Annotated[int, typer.Argument(help="The tweet's number, as `preview` shows it.")]
_COLUMNS = ("number", "local", "kind", "link", "state", "text")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    accounts: Annotated[list[str], typer.Option("--account", "-a", help="@handle, channel:handle, a group, an id.")],
    every: Annotated[int, typer.Option(help="Minutes between two tweets.")] = 120,
    anchor: Annotated[str, typer.Option(help="A local time that is a slot.")] = "00:30",
    zone: Annotated[str | None, typer.Option(help="IANA zone, such as Europe/Berlin.")] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours, local, such as 22:00-07:00.")] = None,
    offer: Annotated[list[str] | None, typer.Option(help="An offer's id; several take turns.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="A kind with its weight, such as value=4.")] = None,
    link_share: Annotated[float, typer.Option(help="Of the tweets that may carry a link.")] = 0.5,
    copywriter: Annotated[str | None, typer.Option(help="`local`, or a model such as openai:gpt-6-luna.")] = None,
    points: Annotated[Path | None, typer.Option(help="A text file: one thing to say per line.", exists=True)] = None,
    topic: Annotated[str, typer.Option(help="What it is about.")] = "",
    tone: Annotated[str, typer.Option(help="How it sounds.")] = "",
    count: Annotated[int | None, typer.Option(help="So many tweets, then it ends.")] = None,
    until: Annotated[str | None, typer.Option(help="No tweets after this, such as 2026-12-31T18:00:00Z.")] = None,
    missed: Annotated[Missed, typer.Option(help="Those that passed while no worker ran: all skipped, or one late.")] = (
        Missed.SKIP
    ),
    link_budget: Annotated[str | None, typer.Option(help="LINKS/DAYS: at most so many links, such as 4/1.")] = None,
    money_budget: Annotated[str | None, typer.Option(help="AMOUNT/DAYS in US dollars, such as 5.00/30.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the next tweets and keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a campaign; its first tweet goes out in its next slot."""
    given: dict[str, Any] = {
        "accounts": accounts,
        "interval_minutes": every,
        "anchor": _time(anchor, "anchor"),
        "time_zone": zone,
        "quiet_hours": _quiet(quiet),
        "offers": offer or [],
        "link_share": link_share,
        "copywriter": copywriter,
        "points": [line.strip() for line in points.read_text("utf-8").splitlines() if line.strip()] if points else [],
        "topic": topic,
        "tone": tone,
        "count": count,
        "until": until,
        "missed": missed,
        "link_budget": _budget(link_budget, "link_budget", "links", 1),
        "money_budget": _budget(money_budget, "money_budget", "micros", 1_000_000),
    }
    kinds = _kinds(kind or ([] if offer else ["value=4", "engagement=2", "story=1"]))
    plan = _plan(given | ({"kinds": kinds} if kinds else {}))

    async def begin(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        made = await service.create_campaign(session, name=name, plan=plan, clock=ctx.clock)
        coming = await service.preview(session, made, now=ctx.clock())
        if dry_run:
            await session.rollback()
        return {"id": None if dry_run else made.id, "next": [one.model_dump(mode="json") for one in coming]}

    made = _run(begin)

    def human() -> None:
        out.print("Nothing was kept." if dry_run else f"{name} has begun ({made['id']}).")
        _table(made["next"])

    show(made, as_json=as_json, human=human)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the campaigns."""

    async def read(_: Context, session: AsyncSession) -> list[dict[str, Any]]:
        return [CampaignRead.of(one).model_dump(mode="json") for one in await service.list_campaigns(session)]

    found = _run(read)
    rows = ([one["id"], one["state"], str(one["number"]), one["name"], one["note"] or ""] for one in found)
    show(found, as_json=as_json, human=lambda: print_table(("id", "state", "tweets", "name", "note"), rows))


@app.command("show")
def show_one(campaign: Which, as_json: AsJson = False) -> None:
    """Show a campaign: its state, why it is so, and what it was asked for."""

    async def read(_: Context, session: AsyncSession) -> dict[str, Any]:
        return CampaignRead.of(await service.get_campaign(session, campaign)).model_dump(mode="json")

    found = _run(read)

    def human() -> None:
        plan = {name: value for name, value in found["plan"].items() if value not in (None, "", [], {})}
        points = plan.pop("points", [])
        told = {"name": found["name"], "state": found["state"], "note": found["note"] or "", "tweets": found["number"]}
        rows = [[name, str(value)] for name, value in {**told, **plan, "points": len(points)}.items()]
        print_table(("", ""), rows)

    show(found, as_json=as_json, human=human)


@app.command("preview")
def preview(campaign: Which, limit: Annotated[int, typer.Option(min=1, max=100)] = 12, as_json: AsJson = False) -> None:
    """Show the next tweets: when, of what kind, with a link or not, and their words once they are written."""

    async def read(ctx: Context, session: AsyncSession) -> list[dict[str, Any]]:
        one = await service.get_campaign(session, campaign)
        found = await service.preview(session, one, limit=limit, now=ctx.clock())
        return [tweet.model_dump(mode="json") for tweet in found]

    found = _run(read)
    show(found, as_json=as_json, human=lambda: _table(found))


@app.command("tweets")
def tweets(campaign: Which, limit: Annotated[int, typer.Option(min=1, max=1000)] = 50, as_json: AsJson = False) -> None:
    """List the tweets that were made, the latest first; skipped ones say why."""

    async def read(_: Context, session: AsyncSession) -> list[dict[str, Any]]:
        found = await service.list_tweets(session, campaign, limit=limit)
        return [TweetRead.of(one).model_dump(mode="json") for one in found]

    found = _run(read)
    show(found, as_json=as_json, human=lambda: _table(found))


@app.command("edit")
def edit(
    campaign: Which,
    number: Number,
    texts: Annotated[list[str], typer.Argument(help="The words; several are a thread.")],
    as_json: AsJson = False,
) -> None:
    """Give a tweet other words before it goes."""

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.edit_tweet(session, campaign, number, texts, clock=ctx.clock))

    made = _run(change)
    show(made, as_json=as_json, human=lambda: out.print(f"Tweet {number} goes out as you wrote it, {made['local']}."))


@app.command("skip")
def skip(campaign: Which, number: Number, as_json: AsJson = False) -> None:
    """Leave a tweet out."""

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.skip_tweet(session, campaign, number, clock=ctx.clock))

    made = _run(change)
    show(made, as_json=as_json, human=lambda: out.print(f"Tweet {number} is left out."))


@app.command("pause")
def pause(campaign: Which, reason: Annotated[str, typer.Option(help="Why.")] = "", as_json: AsJson = False) -> None:
    """Let a campaign rest; what the ledger has already goes out."""
    _steer(lambda _, session: service.pause_campaign(session, campaign, reason=reason), as_json=as_json)


@app.command("resume")
def resume(campaign: Which, as_json: AsJson = False) -> None:
    """Let a paused campaign go on with its next slot."""
    _steer(lambda ctx, session: service.resume_campaign(session, campaign, clock=ctx.clock), as_json=as_json)


@app.command("end")
def end(campaign: Which, as_json: AsJson = False) -> None:
    """End a campaign for good."""
    _steer(lambda _, session: service.end_campaign(session, campaign), as_json=as_json)


def _steer(do: Callable[[Context, AsyncSession], Awaitable[Campaign]], *, as_json: bool) -> None:
    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return CampaignRead.of(await do(ctx, session)).model_dump(mode="json")

    made = _run(change)
    show(made, as_json=as_json, human=lambda: out.print(f"{made['name']} is {made['state']}."))


def _run(do: Callable[[Context, AsyncSession], Awaitable[Any]]) -> Any:
    async def act() -> Any:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return await do(ctx, session)

    return asyncio.run(act())


def _told(tweet: Tweet) -> dict[str, Any]:
    return TweetRead.of(tweet).model_dump(mode="json")


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        out.print("Nothing is coming.")
        return
    print_table(_COLUMNS, map(_cells, rows))


def _cells(row: dict[str, Any]) -> list[str]:
    words = row["note"] or " / ".join(row["texts"])[:80]
    link = "link" if row["with_link"] else ""
    return [str(row["number"]), row["local"], row["kind"], link, row["state"], words]


def _plan(values: dict[str, Any]) -> CampaignPlan:
    try:
        return CampaignPlan.model_validate(values)
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join(map(str, one["loc"])) or "plan", one["msg"].removeprefix("Value error, "), "Mend this option."
            )
            for one in error.errors()
        ]
        named = "; ".join(f"{one.field}: {one.rule}" for one in problems)
        raise InvalidInputError(f"The campaign cannot be so: {named}.", fix=problems[0].fix, errors=problems) from error


def _time(text: str, field: str) -> time:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a time of no day has no zone
    except ValueError as error:
        rule = "a local time such as 09:30"
        raise InvalidInputError(
            f"{text!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem(field, rule, "Write it so.")]
        ) from error


def _quiet(text: str | None) -> QuietHours | None:
    if text is None:
        return None
    start, _, end = text.partition("-")
    return QuietHours(start=_time(start, "quiet"), end=_time(end, "quiet"))


def _budget(text: str | None, field: str, unit: str, scale: int) -> dict[str, int] | None:
    if text is None:
        return None
    amount, _, days = text.partition("/")
    try:
        return {unit: int(Decimal(amount) * scale), "days": int(days or 1)}
    except (InvalidOperation, ValueError) as error:
        rule = "an amount and days, such as 4/1"
        raise InvalidInputError(
            f"{text!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem(field, rule, "Write it so.")]
        ) from error


def _kinds(words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        name, _, weight = word.partition("=")
        if not weight.isdigit():
            rule = "a kind with its weight, such as value=4"
            raise InvalidInputError(
                f"{word!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem("kind", rule, "Write it so.")]
            )
        found[name] = int(weight)
    return found
