"""Commands about learning: what works, why a recipe was chosen, and what you want to say about it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_json, print_table, show
from mediaposter.learning import adjusting, service, telling
from mediaposter.learning.evidence import Goal
from mediaposter.learning.schemas import AdjustmentRead, BriefRead, DecisionRead, LeaderRead, StandingsRead

app = typer.Typer(help="Learning: what works, why a recipe was chosen, and your say in it.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
For = Annotated[Goal, typer.Option("--goal", help="What the posts are for.")]
Account = Annotated[str | None, typer.Option("--account", help="The id of one account; without it, all of them.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads it later.")]
Dimension = Annotated[str, typer.Argument(help="Such as template, hook, style, provider, length, slot, voice.")]
Value = Annotated[str, typer.Argument(help="The value, as `learning standing` shows it.")]
T = TypeVar("T")


def _ask(what: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return await what(session)

    return asyncio.run(run())


@app.command("standing")
def standing(goal: For = Goal.DEFAULT, account: Account = None, as_json: AsJson = False) -> None:
    """Show what is believed of every value, how often it would be chosen, and what learning has brought."""

    async def read(session: AsyncSession) -> StandingsRead:
        return StandingsRead.of(await service.standing(session, goal=goal, account_id=account))

    found = _ask(read)

    def human() -> None:
        if not found.dimensions:
            out.print(
                "Nothing is learned yet: posts are scored as their metrics come in, from an hour after publishing."
            )
            return
        rows: list[list[str]] = []
        for dimension, values in found.dimensions.items():
            for one in values:
                said = "pinned" if one.pinned else "excluded" if one.excluded else ""
                effect = f"{one.mean:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
                rows.append([dimension, one.value, effect, f"{one.n:.1f}", f"{one.share:.0%}", said])
        print_table(("dimension", "value", "effect in sd", "posts", "share", ""), rows)
        lift = found.lift
        if lift.chosen is not None and lift.hold_out is not None:
            out.print(
                f"Chosen posts score {lift.chosen:+.2f} ({lift.chosen_posts}),"
                f" the hold-out {lift.hold_out:+.2f} ({lift.hold_out_posts})."
            )

    show(found, as_json=as_json, human=human)


@app.command("leaderboard")
def leaderboard(
    dimension: Annotated[str, typer.Argument(help="The dimension to compare.")] = "template",
    goal: For = Goal.DEFAULT,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    account: Account = None,
    as_json: AsJson = False,
) -> None:
    """Show how posts did by the values of a dimension, the best at 24 hours first."""

    async def read(session: AsyncSession) -> list[LeaderRead]:
        leaders = await telling.leaderboard(
            session, dimension=dimension, goal=goal, channel=channel, account_id=account
        )
        return [LeaderRead.model_validate(one) for one in leaders]

    found = _ask(read)

    def human() -> None:
        columns = ("value", "posts", "score_24h", "score_7d", "early_velocity", "spread")
        rows = [[_cell(getattr(one, name)) for name in columns] for one in found]
        print_table([name.replace("_", " ") for name in columns], rows)

    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    else:
        human()


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:+.2f}" if isinstance(value, float) else str(value)


@app.command("explain")
def explain(
    decision: Annotated[str | None, typer.Argument(help="The id of a decision; without it, the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a recipe was chosen."""

    async def read(session: AsyncSession) -> DecisionRead | None:
        if decision is not None:
            return DecisionRead.of(await service.get_decision(session, decision))
        latest = await service.list_decisions(session, limit=1)
        return DecisionRead.of(latest[0]) if latest else None

    found = _ask(read)

    def human() -> None:
        if found is None:
            out.print("No recipe was chosen yet.")
            return
        held_out = ", hold-out" if found.hold_out else ""
        out.print(f"{found.id} at {found.created_at:%Y-%m-%d %H:%M} UTC (goal {found.goal.value}{held_out})")
        out.print(found.explanation, markup=False)

    show(found, as_json=as_json, human=human)


@app.command("brief")
def brief(
    writer: Annotated[Literal["prompts", "tweets"], typer.Option("--for", help="Which writer is told.")] = "prompts",
    goal: For = Goal.DEFAULT,
    limit: Annotated[int, typer.Option(min=1, max=10, help="How many of each.")] = 3,
    account: Account = None,
    as_json: AsJson = False,
) -> None:
    """Show what the writers are told of what worked and what did not."""

    async def read(session: AsyncSession) -> BriefRead:
        found = await telling.brief(session, for_=writer, goal=goal, limit=limit, account_id=account)
        return BriefRead.model_validate(found)

    found = _ask(read)
    show(found, as_json=as_json, human=lambda: out.print(found.text, markup=False, soft_wrap=True))


@app.command("pin")
def pin(
    dimension: Dimension, value: Value, account: Account = None, reason: Reason = None, as_json: AsJson = False
) -> None:
    """Choose this value and no other of its dimension, until you undo it."""

    async def say(session: AsyncSession) -> AdjustmentRead:
        made = await adjusting.pin(session, dimension=dimension, value=value, account_id=account, reason=reason)
        return AdjustmentRead.model_validate(made)

    _said(_ask(say), f"{dimension} is {value} from now on", as_json=as_json)


@app.command("exclude")
def exclude(
    dimension: Dimension, value: Value, account: Account = None, reason: Reason = None, as_json: AsJson = False
) -> None:
    """Never choose this value, until you undo it."""

    async def say(session: AsyncSession) -> AdjustmentRead:
        made = await adjusting.exclude(session, dimension=dimension, value=value, account_id=account, reason=reason)
        return AdjustmentRead.model_validate(made)

    _said(_ask(say), f"{dimension} {value} is not chosen any more", as_json=as_json)


@app.command("revert")
def revert(
    to: Annotated[str, typer.Argument(help="A decision's id, or a moment such as 2026-11-20T08:00:00Z.")],
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Forget what was seen and said since a decision or a moment; undoing it brings all of it back."""

    async def say(session: AsyncSession) -> AdjustmentRead:
        return AdjustmentRead.model_validate(await adjusting.revert(session, to=_moment(to), reason=reason))

    _said(_ask(say), "What came since then does not count", as_json=as_json)


def _moment(text: str) -> str | datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text  # a decision's id


@app.command("undo")
def undo(
    adjustment: Annotated[str, typer.Argument(help="The id of a pin, an exclusion or a revert.")],
    as_json: AsJson = False,
) -> None:
    """Take back a pin, an exclusion or a revert."""

    async def say(session: AsyncSession) -> AdjustmentRead:
        return AdjustmentRead.model_validate(await adjusting.undo(session, adjustment))

    found = _ask(say)
    show(found, as_json=as_json, human=lambda: out.print(f"The {found.kind.value} is undone."))


@app.command("adjustments")
def adjustments(as_json: AsJson = False) -> None:
    """List pins, exclusions and reverts, what was undone too."""

    async def read(session: AsyncSession) -> list[AdjustmentRead]:
        return [AdjustmentRead.model_validate(one) for one in await adjusting.list_adjustments(session)]

    found = _ask(read)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    rows = [
        [
            one.id,
            one.kind.value,
            f"{one.dimension} {one.value}" if one.dimension else f"since {one.since:%Y-%m-%d %H:%M} UTC",
            "undone" if one.undone_at else "counts",
            one.reason or "",
        ]
        for one in found
    ]
    print_table(("id", "kind", "what", "state", "reason"), rows)


def _said(made: AdjustmentRead, words: str, *, as_json: bool) -> None:
    show(
        made,
        as_json=as_json,
        human=lambda: out.print(f"{words}. Take it back: mediaposter learning undo {made.id}", soft_wrap=True),
    )
