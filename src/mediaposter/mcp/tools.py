"""The tools: operations of the API under names that an agent finds. What an operation takes and answers, a tool does.

Left out on purpose: tokens, sessions, credentials, secrets and webhooks' keys. An agent needs none of them, and what it
reads may end in somebody's log.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mediaposter.client import (
    ApiError,
    AsyncClient,
    Call,
    Unreachable,
    analysis,
    campaigns,
    connecting,
    events,
    generation,
    images,
    learning,
    media,
    metrics,
    offers,
    overview,
    pipeline,
    publishing,
    sleep,
)
from mediaposter.pipeline.models import RunState
from mediaposter.pipeline.schemas import RunRead

_ENDED = {RunState.COMPLETED, RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED, RunState.WAITING}
_LOOK_EVERY_SECONDS = 1.0
T = TypeVar("T")


class Effect(Enum):
    """What calling a tool does to the world."""

    READS = "reads"
    CHANGES = "changes"  # what can be undone, or is not public
    PUBLISHES = "publishes"  # what people see or what costs money


@dataclass(frozen=True)
class Tool:
    """An operation under an agent's name for it."""

    name: str
    operation: Callable[..., Call[Any]]
    effect: Effect

    def bound(self, api: AsyncClient) -> Callable[..., Awaitable[Any]]:
        """Return the function that calls the operation, with the operation's arguments and its answer's type."""

        async def call(**arguments: Any) -> Any:
            return await _answer(api, self.operation(**arguments))

        hints = get_type_hints(self.operation)
        (answers,) = get_args(hints.pop("return"))
        parameters = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[one.name])
            for one in inspect.signature(self.operation).parameters.values()
        ]
        call.__name__ = self.name
        call.__doc__ = self.operation.__doc__
        call.__annotations__ = {**hints, "return": answers}
        call.__signature__ = inspect.Signature(parameters, return_annotation=answers)  # type: ignore[attr-defined]
        return call


_R, _C, _P = Effect.READS, Effect.CHANGES, Effect.PUBLISHES
TOOLS = (
    # What there is
    Tool("show_attention", overview.show_attention, _R),
    Tool("show_agenda", overview.show_agenda, _R),
    Tool("show_today", overview.show_today, _R),
    Tool("show_calendar", overview.show_calendar, _R),
    Tool("list_events", events.list_events, _R),
    # Runs
    Tool("check_run", pipeline.check, _R),
    Tool("price_run", pipeline.price, _R),
    Tool("start_run", pipeline.start, _P),
    Tool("list_runs", pipeline.list_runs, _R),
    Tool("show_run", pipeline.show, _R),
    Tool("cancel_run", pipeline.cancel, _C),
    Tool("resume_run", pipeline.resume, _P),
    Tool("retry_run", pipeline.retry, _P),
    Tool("approve_run", pipeline.approve, _P),
    # Films
    Tool("list_providers", generation.providers, _R),
    Tool("list_assets", media.list_assets, _R),
    Tool("show_asset", media.show, _R),
    Tool("read_analysis", analysis.read_analysis, _R),
    Tool("draw_image", images.draw, _P),
    # Accounts and posts
    Tool("list_channels", publishing.list_channels, _R),
    Tool("show_channel", publishing.show_channel, _R),
    Tool("list_accounts", publishing.list_accounts, _R),
    Tool("show_account_usage", publishing.show_usage, _R),
    Tool("test_account", connecting.test_account, _R),
    Tool("update_account", publishing.update_account, _C),
    Tool("create_post", publishing.create_post, _C),
    Tool("validate_post", publishing.validate_post, _R),
    Tool("list_posts", publishing.list_posts, _R),
    Tool("show_post", publishing.show_post, _R),
    Tool("plan_publication", publishing.plan_publication, _P),
    Tool("list_publications", publishing.list_publications, _R),
    Tool("show_publication", publishing.show_publication, _R),
    Tool("preview_publication", publishing.preview_publication, _R),
    Tool("move_publication", publishing.move_publication, _C),
    Tool("cancel_publication", publishing.cancel_publication, _C),
    Tool("retry_publication", publishing.retry_publication, _P),
    Tool("stop_publishing", publishing.stop_publishing, _C),
    Tool("resume_publishing", publishing.resume_publishing, _P),
    # Offers
    Tool("list_offers", offers.list_offers, _R),
    Tool("create_offer", offers.create_offer, _C),
    Tool("create_link", offers.create_link, _C),
    Tool("list_conversions", offers.list_conversions, _R),
    Tool("traffic_report", offers.traffic_report, _R),
    # Tweets
    Tool("list_campaigns", campaigns.list_all, _R),
    Tool("show_campaign", campaigns.show, _R),
    Tool("create_campaign", campaigns.create, _P),
    Tool("next_tweets", campaigns.preview, _R),
    Tool("edit_tweet", campaigns.edit, _C),
    Tool("skip_tweet", campaigns.skip, _C),
    Tool("pause_campaign", campaigns.pause, _C),
    Tool("resume_campaign", campaigns.resume, _P),
    # What works
    Tool("list_snapshots", metrics.list_snapshots, _R),
    Tool("show_standing", learning.show_standing, _R),
    Tool("show_leaderboard", learning.show_leaderboard, _R),
    Tool("show_brief", learning.show_brief, _R),
    # The machine
    Tool("sleep_status", sleep.show_status, _R),
    Tool("wake", sleep.wake, _C),
)


def waiting_for_run(api: AsyncClient) -> Callable[..., Awaitable[RunRead]]:
    """Return the one tool that is no single operation: waiting for a run to end."""

    async def wait_for_run(
        run_id: str,
        seconds: Annotated[float, Field(gt=0, le=600, description="How long to wait at most.")] = 60.0,
    ) -> RunRead:
        """Wait until a run has ended or waits for approval, or until the time is over, and show it as it is then."""
        over = time.monotonic() + seconds
        run = await _answer(api, pipeline.show(run_id))
        while run.state not in _ENDED and time.monotonic() < over:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            run = await _answer(api, pipeline.show(run_id))
        return run

    return wait_for_run


async def _answer(api: AsyncClient, call: Call[T]) -> T:
    try:
        return await api.send(call)
    except (ApiError, Unreachable) as error:
        raise ToolError(str(error)) from error  # so it reaches the agent in these words
