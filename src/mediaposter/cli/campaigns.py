"""Commands about campaigns: tweets that go out by themselves, seen and changed before they do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import editing, service
from mediaposter.campaigns.models import Campaign, Missed, Tweet
from mediaposter.campaigns.schemas import CampaignRead, TweetRead
from mediaposter.cli.campaign_options import (
    budget_of,
    edit_from,
    kinds_of,
    local_time,
    plan_from,
    points_of,
    quiet_hours,
)
from mediaposter.cli.faults import UsageError
from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.context import Context

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
        "anchor": local_time(anchor, "anchor"),
        "time_zone": zone,
        "quiet_hours": quiet_hours(quiet),
        "offers": offer or [],
        "link_share": link_share,
        "copywriter": copywriter,
        "points": points_of(points),
        "topic": topic,
        "tone": tone,
        "count": count,
        "until": until,
        "missed": missed,
        "link_budget": budget_of(link_budget, "link_budget", "links", 1),
        "money_budget": budget_of(money_budget, "money_budget", "micros", 1_000_000),
    }
    kinds = kinds_of(kind or ([] if offer else ["value=4", "engagement=2", "story=1"]))
    plan = plan_from(given | ({"kinds": kinds} if kinds else {}))

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
    number: Annotated[int | None, typer.Argument(help="A tweet's number, to give it other words.")] = None,
    texts: Annotated[list[str] | None, typer.Argument(help="Its words; several are a thread.")] = None,
    name: Annotated[str | None, typer.Option(help="What the campaign is called.")] = None,
    accounts: Annotated[
        list[str] | None, typer.Option("--account", "-a", help="@handle, channel:handle, a group, an id.")
    ] = None,
    every: Annotated[int | None, typer.Option(help="Minutes between two tweets.")] = None,
    anchor: Annotated[str | None, typer.Option(help="A local time that is a slot.")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA zone, such as Europe/Berlin.")] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours, local, such as 22:00-07:00; none: none.")] = None,
    offer: Annotated[list[str] | None, typer.Option(help="An offer's id; several take turns.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="A kind with its weight, such as value=4.")] = None,
    link_share: Annotated[float | None, typer.Option(help="Of the tweets that may carry a link.")] = None,
    copywriter: Annotated[str | None, typer.Option(help="`local`, or a model such as openai:gpt-6-luna.")] = None,
    points: Annotated[Path | None, typer.Option(help="A text file: one thing to say per line.", exists=True)] = None,
    topic: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    tone: Annotated[str | None, typer.Option(help="How it sounds.")] = None,
    count: Annotated[int | None, typer.Option(help="So many tweets in all; 0: no end by their number.")] = None,
    until: Annotated[str | None, typer.Option(help="No tweets after this moment; none: no such end.")] = None,
    missed: Annotated[Missed | None, typer.Option(help="Those that passed: all skipped, or one late.")] = None,
    link_budget: Annotated[str | None, typer.Option(help="LINKS/DAYS, such as 4/1; none: none.")] = None,
    money_budget: Annotated[str | None, typer.Option(help="AMOUNT/DAYS in dollars, such as 5.00/30; none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a campaign: by options its plan, and what is to come is planned anew; with a number a tweet."""
    given: dict[str, Any] = {
        "name": name,
        "accounts": accounts or None,
        "interval_minutes": every,
        "anchor": local_time(anchor, "anchor") if anchor else None,
        "time_zone": zone,
        "offers": offer or None,
        "kinds": kinds_of(kind) if kind else None,
        "link_share": link_share,
        "copywriter": copywriter,
        "points": points_of(points) or None,
        "topic": topic,
        "tone": tone,
        "missed": missed,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    changes |= {"count": count or None} if count is not None else {}
    changes |= _clearing("until", until, lambda text: text)
    changes |= _clearing("quiet_hours", quiet, quiet_hours)
    changes |= _clearing("link_budget", link_budget, lambda text: budget_of(text, "link_budget", "links", 1))
    changes |= _clearing(
        "money_budget", money_budget, lambda text: budget_of(text, "money_budget", "micros", 1_000_000)
    )
    if number is not None and not changes:
        _edit_tweet(campaign, number, texts or [], as_json=as_json)
        return
    if number is not None or not changes:
        raise UsageError(
            "Say either what to change of the plan, or which tweet and its words.",
            fix="Such as: mediaposter campaigns edit CAMPAIGN --every 180. "
            'Or: mediaposter campaigns edit CAMPAIGN 4 "These words instead."',
        )
    wish = edit_from(changes)

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        made = await editing.edit_campaign(session, campaign, wish.changes(), name=wish.name, clock=ctx.clock)
        coming = await service.preview(session, made, now=ctx.clock())
        shown = CampaignRead.of(made).model_dump(mode="json")
        return {"campaign": shown, "next": [one.model_dump(mode="json") for one in coming]}

    made = _run(change)

    def human() -> None:
        out.print(f"{made['campaign']['name']} goes on so.")
        _table(made["next"])

    show(made, as_json=as_json, human=human)


def _edit_tweet(campaign: str, number: int, texts: list[str], *, as_json: bool) -> None:
    if not texts:
        raise UsageError(
            f"Tweet {number} needs words.", fix=f'Such as: mediaposter campaigns edit {campaign} {number} "Words."'
        )

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.edit_tweet(session, campaign, number, texts, clock=ctx.clock))

    made = _run(change)
    show(made, as_json=as_json, human=lambda: out.print(f"Tweet {number} goes out as you wrote it, {made['local']}."))


def _clearing(field: str, text: str | None, read: Callable[[str], Any]) -> dict[str, Any]:
    """Return what an option that `none` takes out says of its field."""
    if text is None:
        return {}
    return {field: None if text == "none" else read(text)}


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
