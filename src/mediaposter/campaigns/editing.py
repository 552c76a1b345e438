"""Changing a campaign while it runs: what has gone out stays, what is to come is planned anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import repository, service
from mediaposter.campaigns.errors import CampaignError, TweetStateError
from mediaposter.campaigns.models import Campaign, CampaignState, Tweet, TweetState
from mediaposter.campaigns.rotation import turn_of
from mediaposter.campaigns.schemas import CampaignPlan
from mediaposter.core import events, timeline
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import FieldProblem
from mediaposter.core.timeline import TimelineState

_FAR = 500  # slots ahead in which a tweet that a person edited finds its new place


async def edit_campaign(
    session: AsyncSession,
    campaign_id: str,
    changes: Mapping[str, Any],
    *,
    name: str | None = None,
    clock: Clock = utc_now,
) -> Campaign:
    """Change fields of a campaign's plan, and its name. Its next slot is planned anew by the new plan.

    Tweets that a person edited or left out ahead keep their words and go to the first slot not before their old one.
    Raises CampaignError naming the field that cannot be so, TweetStateError for a campaign that has ended, and what
    `service.create_campaign` raises.
    """
    campaign = await service.get_campaign(session, campaign_id, lock=True)
    if campaign.state is CampaignState.ENDED:
        raise TweetStateError("The campaign has ended.", fix="Create another one.")
    plan = await service.check_plan(session, _changed(campaign, changes))
    campaign.plan = plan.model_dump(mode="json")
    campaign.name = name.strip() if name is not None else campaign.name
    now = clock()
    after = max(now, await service.latest_slot(session, campaign))
    await _take_back(session, campaign)
    await _place_anew(session, campaign, plan, after=after)
    await service.schedule_next(session, campaign, after=after)
    changed = sorted([*changes, *(["name"] if name is not None else [])])
    await events.emit(session, "campaign.edited", campaign.id, {"changed": changed})
    return campaign


def _changed(campaign: Campaign, changes: Mapping[str, Any]) -> CampaignPlan:
    try:
        return CampaignPlan.model_validate({**campaign.plan, **changes})
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join(map(str, one["loc"])) or one["msg"].removeprefix("Value error, ").partition(":")[0],
                one["msg"].removeprefix("Value error, "),
                "Mend this field, or give what goes with it.",
            )
            for one in error.errors()
        ]
        named = "; ".join(one.rule for one in problems)
        raise CampaignError(f"The campaign cannot be so: {named}.", fix=problems[0].fix, errors=problems) from error


async def _take_back(session: AsyncSession, campaign: Campaign) -> None:
    """Take the slot that waits out of the timeline; a tweet that was begun keeps its own row."""
    waiting = await timeline.list_entries(
        session, kind=service.TWEET, subject=campaign.id, state=TimelineState.WAITING, limit=1000
    )
    for entry in waiting:
        if "tweet_id" not in entry.data:
            await timeline.cancel(session, entry.id, note="The campaign was edited.")
    await service.forget_cancelled(session, campaign)


async def _place_anew(session: AsyncSession, campaign: Campaign, plan: CampaignPlan, *, after: datetime) -> None:
    """Give the tweets that were made ahead a slot of the new plan, with its number, kind, offer and link."""
    rows = await repository.tweets_in(session, campaign.id, tuple(TweetState))
    ahead = [row for row in rows if service.is_ahead(row, campaign)]
    taken = {row.slot_at for row in ahead}
    beyond = campaign.number + _FAR
    slots = service.next_slots(campaign, after=after, limit=_FAR) if ahead else []
    for row in ahead:
        free = ((number, slot) for number, slot in slots if slot.at >= row.slot_at)
        place = next(((n, slot) for n, slot in free if slot.at == row.slot_at or slot.at not in taken), None)
        if place is None:
            beyond += 1  # it must never come to be among those that were begun
            row.number = beyond
            await _leave_out(session, row)
            continue
        row.number, slot = place
        row.slot_at, row.local = slot.at, slot.local
        taken.add(slot.at)
        turn = turn_of(row.number, kinds=plan.kinds, offers=len(plan.offers), link_share=plan.link_share)
        row.kind, row.with_link = turn.kind, turn.with_link
        row.offer_id = plan.offers[turn.offer] if turn.offer is not None else None
        await session.flush()


async def _leave_out(session: AsyncSession, row: Tweet) -> None:
    if row.state is not TweetState.SKIPPED:
        await service.skip(session, row, "The campaign ends before it since it was edited.")
