"""Stage `link`: the post, a publication per account, and a tracked link each, made before anything is sent."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine
from mediaposter.core.clock import Clock
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.settings import Settings
from mediaposter.media import service as media
from mediaposter.offers import service as offers
from mediaposter.offers.models import Offer
from mediaposter.offers.service import TrackedLink
from mediaposter.pipeline import book, slots
from mediaposter.pipeline.models import Run
from mediaposter.pipeline.recipes import made_from
from mediaposter.pipeline.schemas import OfferChoice, PipelineConfig, PublishMode
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import MAYBE_PUBLIC


async def plan(work: Work, asset_id: str, copies: dict[str, Any]) -> JsonObject:
    """Write one publication for each account into the ledger, each with its own link where there is an offer."""
    if work.config.dry_run:
        return {"message": "Dry run: no post and no link was made.", "publications": [], "links": {}}
    return await plan_publications(work.run_id, work.attempt, asset_id, copies)


@engine.step("pipeline.plan_publications")
async def plan_publications(run_id: str, attempt: int, asset_id: str, copies: dict[str, Any]) -> JsonObject:
    """Plan in one transaction; a repeat finds what is there. Accounts where the run is public already are left out."""
    ctx = context.current()
    async with ctx.database.session() as session:
        run = await book.own_run(session, run_id, attempt)
        config = book.config_of(run)
        offer = await _offer(session, config.offer) if config.offer else None
        done = {
            row.account_id
            for row in await publishing.list_publications(session, run_id=run_id, outcomes=list(MAYBE_PUBLIC))
        }
        post_id = await _post(session, run, asset_id, copies, ctx)
        publications: list[str] = []
        links: dict[str, str] = {}
        for account_id, words in copies.items():
            if account_id in done:
                continue
            account = await publishing.get_account(session, account_id)
            words_there = Copy.model_validate(words)
            publication = await publishing.plan_publication(
                session,
                post_id=post_id,
                account_id=account_id,
                copy=words_there.model_copy(update={"link": None}),
                run_id=run_id,
                due_at=await _due_at(session, config, account, ctx.settings, ctx.clock),
            )
            publications.append(publication.id)
            if offer is not None:
                link = await _link(session, publication, account.channel, offer, ctx.settings)
                links[account_id] = link.url
                await _attach(session, publication, words_there, link)
    made = f"{counted(len(publications), 'publication')} planned"
    return {
        "message": f"{made}, {counted(len(links), 'tracked link')}." if offer else f"{made}; no offer, so no links.",
        "post_id": post_id,
        "publications": publications,
        "links": links,
    }


async def _link(
    session: AsyncSession, publication: Publication, channel: str, offer: Offer, settings: Settings
) -> TrackedLink:
    return await offers.create_tracked_link(
        session,
        offer_id=offer.id,
        channel=channel,
        campaign=publication.run_id or publication.post_id,
        base_url=settings.site_url,
        account_id=publication.account_id,
        publication_id=publication.id,
        run_id=publication.run_id,
        key=publication.id,
    )


async def _attach(session: AsyncSession, publication: Publication, words: Copy, link: TrackedLink) -> None:
    # Words that came without a link are those of a channel that refuses links: there the bio page has it.
    await publishing.plan_publication(
        session,
        post_id=publication.post_id,
        account_id=publication.account_id,
        copy=words.model_copy(update={"link": link.url if words.link else None}),
        run_id=publication.run_id,
        link_id=link.id,
        link_label=link.cta,
        due_at=publication.due_at,
    )


async def _offer(session: AsyncSession, choice: OfferChoice) -> Offer:
    if choice.id is not None:
        return await offers.get_offer(session, choice.id)
    url = str(choice.url)
    for offer in await offers.list_offers(session):
        # The same page with the same words is the same offer, however many runs lead to it.
        if offer.url == url and offer.cta == choice.cta:
            return offer
    return await offers.create_offer(session, name=choice.name or choice.cta, url=url, cta=choice.cta)


async def _post(session: AsyncSession, run: Run, asset_id: str, copies: dict[str, Any], ctx: Context) -> str:
    if run.post_id is not None:
        post = await publishing.get_post(session, run.post_id)
        if post.asset_ids == [asset_id]:
            return post.id
    title = next((words["title"] for words in copies.values() if words["title"]), "")
    config, now = book.config_of(run), ctx.clock()
    master = await media.get_asset(session, asset_id)
    at = config.publish if isinstance(config.publish, datetime) else now
    made = made_from(run, seconds=master.media_facts.duration, at=at, zone=ctx.settings.time_zone)
    post = await publishing.create_post(
        session,
        asset_ids=[asset_id],
        title=title,
        run_id=run.id,
        generated=bool(config.prompts),  # clips are the user's own footage
        recipe=made.recipe,
        prompts=made.prompts,
        clip_ids=made.clip_ids,
        clock=ctx.clock,
    )
    run.post_id = post.id
    return post.id


async def _due_at(
    session: AsyncSession, config: PipelineConfig, account: Account, settings: Settings, clock: Clock
) -> datetime | None:
    if isinstance(config.publish, datetime):
        return config.publish if config.publish > clock() else None
    if config.publish is PublishMode.NEXT_SLOT:
        return await slots.next_free(session, account.id, settings=settings, now=clock())
    return None
