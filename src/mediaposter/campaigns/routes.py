"""Campaigns over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import BaseModel

from mediaposter.campaigns import editing, service
from mediaposter.campaigns.schemas import CampaignCreate, CampaignEdit, CampaignRead, TweetEdit, TweetRead
from mediaposter.core import context

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
Limit = Annotated[int, Query(ge=1, le=100)]


class CampaignMade(BaseModel):
    """A campaign with its next tweets; `campaign` is null for a dry run."""

    campaign: CampaignRead | None
    next: list[TweetRead]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Begin a campaign of tweets")
async def create(request: CampaignCreate) -> CampaignMade:
    """Its first tweet goes out in its next slot. With `dry_run` nothing is kept."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made = await service.create_campaign(session, name=request.name, plan=request.plan, clock=ctx.clock)
        coming = await service.preview(session, made, now=ctx.clock())
        shown = CampaignRead.of(made)
        if request.dry_run:
            await session.rollback()
    return CampaignMade(campaign=None if request.dry_run else shown, next=coming)


@router.get("", summary="List the campaigns, newest first")
async def list_all() -> list[CampaignRead]:
    """Running, paused and ended ones."""
    async with context.current().database.session() as session:
        return [CampaignRead.of(one) for one in await service.list_campaigns(session)]


@router.get("/{campaign_id}", summary="Show one campaign")
async def show(campaign_id: str) -> CampaignRead:
    """With its plan, its state, and why it is so."""
    async with context.current().database.session() as session:
        return CampaignRead.of(await service.get_campaign(session, campaign_id))


@router.patch("/{campaign_id}", summary="Change the plan of a campaign")
async def update(campaign_id: str, request: CampaignEdit) -> CampaignRead:
    """What has gone out stays; what is still to come is planned anew. One that has ended answers 409."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made = await editing.edit_campaign(session, campaign_id, request.changes(), name=request.name, clock=ctx.clock)
        return CampaignRead.of(made)


@router.get("/{campaign_id}/next", summary="Preview the next tweets")
async def preview(campaign_id: str, limit: Limit = 12) -> list[TweetRead]:
    """When each goes out, of what kind it is, whether it carries the link, what it will cost, and its words."""
    ctx = context.current()
    async with ctx.database.session() as session:
        campaign = await service.get_campaign(session, campaign_id)
        return await service.preview(session, campaign, limit=limit, now=ctx.clock())


@router.get("/{campaign_id}/tweets", summary="List the tweets that were made, the latest first")
async def tweets(campaign_id: str, limit: Limit = 100) -> list[TweetRead]:
    """Skipped ones say why."""
    async with context.current().database.session() as session:
        return [TweetRead.of(one) for one in await service.list_tweets(session, campaign_id, limit=limit)]


@router.put("/{campaign_id}/tweets/{number}", summary="Give a tweet other words before it goes")
async def edit(campaign_id: str, number: int, request: TweetEdit) -> TweetRead:
    """Several texts are a thread. One that is out answers 409."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return TweetRead.of(await service.edit_tweet(session, campaign_id, number, request.texts, clock=ctx.clock))


@router.delete("/{campaign_id}/tweets/{number}", summary="Leave a tweet out")
async def skip(campaign_id: str, number: int) -> TweetRead:
    """It stays as a record. One that is out answers 409."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return TweetRead.of(await service.skip_tweet(session, campaign_id, number, clock=ctx.clock))


@router.post("/{campaign_id}/pause", summary="Let a campaign rest")
async def pause(campaign_id: str) -> CampaignRead:
    """What the ledger has already goes out."""
    async with context.current().database.session() as session:
        return CampaignRead.of(await service.pause_campaign(session, campaign_id))


@router.post("/{campaign_id}/resume", summary="Let a paused campaign go on")
async def resume(campaign_id: str) -> CampaignRead:
    """With its next slot; nothing is caught up with."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return CampaignRead.of(await service.resume_campaign(session, campaign_id, clock=ctx.clock))


@router.post("/{campaign_id}/end", summary="End a campaign for good")
async def end(campaign_id: str) -> CampaignRead:
    """Its tweets and their numbers stay."""
    async with context.current().database.session() as session:
        return CampaignRead.of(await service.end_campaign(session, campaign_id))
