"""The operations of learning. Written by `make docs` from the routes; do not edit."""

from typing import Literal

from mediaposter.client.calls import Call
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
)


def show_standing(*, goal: Goal = Goal.DEFAULT, account_id: str | None = None) -> Call[StandingsRead]:
    """What is believed of every value, and what learning has brought.

    Effects are in standard deviations of an account's usual posts, with a 90 % interval.

    - `account_id`: As one account sees it.
    """
    return Call("GET", "/api/learning/standing", StandingsRead, query={"goal": goal, "account_id": account_id})


def list_scores(publication_id: str) -> Call[list[ScoreRead]]:
    """How a publication did at each age, and against what.

    Return its scores with rates, z and baselines.
    """
    return Call(
        "GET", "/api/learning/scores/{publication_id}", list[ScoreRead], values={"publication_id": publication_id}
    )


def show_leaderboard(
    *, dimension: str = "template", goal: Goal = Goal.DEFAULT, channel: str | None = None, account_id: str | None = None
) -> Call[list[LeaderRead]]:
    """How posts did by the values of a dimension.

    Return the best first, by the score at 24 hours.

    - `account_id`: As one account sees it.
    """
    return Call(
        "GET",
        "/api/learning/leaderboard",
        list[LeaderRead],
        query={"dimension": dimension, "goal": goal, "channel": channel, "account_id": account_id},
    )


def show_brief(
    *,
    writer: Literal["prompts", "tweets"] = "prompts",
    goal: Goal = Goal.DEFAULT,
    limit: int = 3,
    account_id: str | None = None,
) -> Call[BriefRead]:
    """What the writers are told.

    Return what worked and what did not, with the publications that say so.

    - `limit`: How many of each.
    - `account_id`: As one account sees it.
    """
    return Call(
        "GET",
        "/api/learning/brief",
        BriefRead,
        query={"writer": writer, "goal": goal, "limit": limit, "account_id": account_id},
    )


def create_decision(body: ChoiceCreate) -> Call[DecisionRead]:
    """Choose a recipe.

    The decision is kept with its seed, its reasons and what was believed.
    """
    return Call("POST", "/api/learning/decisions", DecisionRead, body=body)


def list_decisions(*, limit: int = 20) -> Call[list[DecisionRead]]:
    """List the latest decisions.

    Return them, newest first.
    """
    return Call("GET", "/api/learning/decisions", list[DecisionRead], query={"limit": limit})


def show_decision(decision_id: str) -> Call[DecisionRead]:
    """Show one decision and why it was taken.

    Return the decision.
    """
    return Call("GET", "/api/learning/decisions/{decision_id}", DecisionRead, values={"decision_id": decision_id})


def list_adjustments() -> Call[list[AdjustmentRead]]:
    """List what people said.

    Return pins, exclusions and reverts, oldest first, what was undone too.
    """
    return Call("GET", "/api/learning/adjustments", list[AdjustmentRead])


def create_pin(body: ValueSay) -> Call[AdjustmentRead]:
    """Pin a value.

    No other value of its dimension is chosen until the pin is undone.
    """
    return Call("POST", "/api/learning/pins", AdjustmentRead, body=body)


def create_exclusion(body: ValueSay) -> Call[AdjustmentRead]:
    """Exclude a value.

    It is not chosen until the exclusion is undone.
    """
    return Call("POST", "/api/learning/exclusions", AdjustmentRead, body=body)


def create_revert(body: RevertCreate) -> Call[AdjustmentRead]:
    """Forget what was learned since.

    What was seen and said since a decision or a moment does not count until the revert is undone.
    """
    return Call("POST", "/api/learning/reverts", AdjustmentRead, body=body)


def undo_adjustment(adjustment_id: str) -> Call[AdjustmentRead]:
    """Take back a pin, an exclusion or a revert.

    It stays on record.
    """
    return Call(
        "DELETE", "/api/learning/adjustments/{adjustment_id}", AdjustmentRead, values={"adjustment_id": adjustment_id}
    )
