"""Learning over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from mediaposter.core import context
from mediaposter.learning import adjusting, service, telling
from mediaposter.learning.evidence import Goal
from mediaposter.learning.schemas import (
    AdjustmentRead,
    BriefRead,
    ChoiceCreate,
    DecisionRead,
    LeaderRead,
    RevertCreate,
    ScoreRead,
    StandingsRead,
    ValueSay,
    Writer,
)

router = APIRouter(prefix="/api/learning", tags=["learning"])
Account = Annotated[str | None, Query(description="As one account sees it.")]
Limit = Annotated[int, Query(ge=1, le=10, description="How many of each.")]


@router.get("/standing", summary="What is believed of every value, and what learning has brought")
async def show_standing(goal: Goal = Goal.DEFAULT, account_id: Account = None) -> StandingsRead:
    """Effects are in standard deviations of an account's usual posts, with a 90 % interval."""
    ctx = context.current()
    async with ctx.database.session() as session:
        found = await service.standing(session, goal=goal, account_id=account_id, clock=ctx.clock)
        return StandingsRead.of(found)


@router.get("/scores/{publication_id}", summary="How a publication did at each age, and against what")
async def list_scores(publication_id: str) -> list[ScoreRead]:
    """Return its scores with rates, z and baselines."""
    async with context.current().database.session() as session:
        return [ScoreRead.model_validate(one) for one in await service.list_scores(session, publication_id)]


@router.get("/leaderboard", summary="How posts did by the values of a dimension")
async def show_leaderboard(
    dimension: str = "template", goal: Goal = Goal.DEFAULT, channel: str | None = None, account_id: Account = None
) -> list[LeaderRead]:
    """Return the best first, by the score at 24 hours."""
    async with context.current().database.session() as session:
        leaders = await telling.leaderboard(
            session, dimension=dimension, goal=goal, channel=channel, account_id=account_id
        )
        return [LeaderRead.model_validate(leader) for leader in leaders]


@router.get("/brief", summary="What the writers are told")
async def show_brief(
    writer: Writer = "prompts", goal: Goal = Goal.DEFAULT, limit: Limit = 3, account_id: Account = None
) -> BriefRead:
    """Return what worked and what did not, with the publications that say so."""
    ctx = context.current()
    async with ctx.database.session() as session:
        found = await telling.brief(
            session, for_=writer, goal=goal, limit=limit, account_id=account_id, clock=ctx.clock
        )
        return BriefRead.model_validate(found)


@router.post("/decisions", status_code=status.HTTP_201_CREATED, summary="Choose a recipe")
async def create_decision(request: ChoiceCreate) -> DecisionRead:
    """The decision is kept with its seed, its reasons and what was believed."""
    ctx = context.current()
    async with ctx.database.session() as session:
        choice = await service.choose_recipe(session, **dict(request), clock=ctx.clock)
        return DecisionRead.of(await service.get_decision(session, choice.decision_id))


@router.get("/decisions", summary="List the latest decisions")
async def list_decisions(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[DecisionRead]:
    """Return them, newest first."""
    async with context.current().database.session() as session:
        return [DecisionRead.of(one) for one in await service.list_decisions(session, limit=limit)]


@router.get("/decisions/{decision_id}", summary="Show one decision and why it was taken")
async def show_decision(decision_id: str) -> DecisionRead:
    """Return the decision."""
    async with context.current().database.session() as session:
        return DecisionRead.of(await service.get_decision(session, decision_id))


@router.get("/adjustments", summary="List what people said")
async def list_adjustments() -> list[AdjustmentRead]:
    """Return pins, exclusions and reverts, oldest first, what was undone too."""
    async with context.current().database.session() as session:
        return [AdjustmentRead.model_validate(one) for one in await adjusting.list_adjustments(session)]


@router.post("/pins", status_code=status.HTTP_201_CREATED, summary="Pin a value")
async def create_pin(request: ValueSay) -> AdjustmentRead:
    """No other value of its dimension is chosen until the pin is undone."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return AdjustmentRead.model_validate(await adjusting.pin(session, **request.model_dump(), clock=ctx.clock))


@router.post("/exclusions", status_code=status.HTTP_201_CREATED, summary="Exclude a value")
async def create_exclusion(request: ValueSay) -> AdjustmentRead:
    """It is not chosen until the exclusion is undone."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return AdjustmentRead.model_validate(await adjusting.exclude(session, **request.model_dump(), clock=ctx.clock))


@router.post("/reverts", status_code=status.HTTP_201_CREATED, summary="Forget what was learned since")
async def create_revert(request: RevertCreate) -> AdjustmentRead:
    """What was seen and said since a decision or a moment does not count until the revert is undone."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made = await adjusting.revert(session, to=request.to, reason=request.reason, clock=ctx.clock)
        return AdjustmentRead.model_validate(made)


@router.delete("/adjustments/{adjustment_id}", summary="Take back a pin, an exclusion or a revert")
async def undo_adjustment(adjustment_id: str) -> AdjustmentRead:
    """It stays on record."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return AdjustmentRead.model_validate(await adjusting.undo(session, adjustment_id, clock=ctx.clock))
