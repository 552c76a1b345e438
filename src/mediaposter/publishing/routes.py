"""Publishing over HTTP: channels, accounts, posts, and the ledger of publications."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from pydantic import AwareDatetime

from mediaposter.core import context
from mediaposter.core.errors import InvalidInputError
from mediaposter.publishing import moving, searching, service, usage, validation
from mediaposter.publishing import preview as previews
from mediaposter.publishing.materials import fitting_of
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.preview import Preview
from mediaposter.publishing.registry import load_channel, load_channels
from mediaposter.publishing.schemas import (
    AccountCreate,
    AccountRead,
    AccountUpdate,
    Answer,
    ChannelRead,
    Move,
    PostCount,
    PostCreate,
    PostRead,
    PublicationCreate,
    PublicationDetail,
    PublicationRead,
    PublishingRead,
    PublishingStop,
)
from mediaposter.publishing.searching import PostFilter
from mediaposter.publishing.usage import AccountUsage
from mediaposter.publishing.validation import ValidateRequest, Validation

router = APIRouter(prefix="/api", tags=["publishing"])
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str | None, Query(description="The id of the last item of the page before.")]


@router.get("/channels", summary="List the channels with their rules")
async def list_channels() -> list[ChannelRead]:
    """Rules are data: lengths, durations, sizes, links, and where each figure is from."""
    return [ChannelRead.of(channel) for channel in load_channels().values()]


@router.get("/channels/{name}", summary="Show one channel's rules")
async def show_channel(name: str) -> ChannelRead:
    """Answer 404 when no installed channel has this name."""
    return ChannelRead.of(load_channel(name))


@router.post("/accounts", status_code=status.HTTP_201_CREATED, summary="Add an account")
async def create_account(request: AccountCreate) -> AccountRead:
    """Credentials are encrypted before they are stored and never shown again."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await service.create_account(
            session,
            channel=request.channel,
            handle=request.handle,
            name=request.name,
            external_id=request.external_id,
            groups=request.groups,
            profile=request.profile,
            credentials=request.credentials,
            secrets=ctx.secrets,
            clock=ctx.clock,
        )
        return AccountRead.of(account)


@router.get("/accounts", summary="List the accounts")
async def list_accounts(
    select: Annotated[
        list[str] | None, Query(description="all, a group, an id, @handle or channel:handle; may be repeated.")
    ] = None,
    channel: str | None = None,
    archived: bool = False,
) -> list[AccountRead]:
    """Oldest first."""
    async with context.current().database.session() as session:
        accounts = await service.list_accounts(session, select or "all", channel=channel, archived=archived)
        return [AccountRead.of(account) for account in accounts]


@router.get("/accounts/usage", summary="Say what is left of the accounts' limits and budgets")
async def show_usage() -> list[AccountUsage]:
    """Of all accounts in use, and how each stands."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return await usage.usage(session, now=ctx.clock())


@router.get("/accounts/{account_id}", summary="Show one account")
async def show_account(account_id: str) -> AccountRead:
    """Return the account."""
    async with context.current().database.session() as session:
        return AccountRead.of(await service.get_account(session, account_id))


@router.patch("/accounts/{account_id}", summary="Change an account, pause it, let it go on")
async def update_account(account_id: str, request: AccountUpdate) -> AccountRead:
    """`paused` true throws the kill switch: nothing more is sent there; false starts what waited."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await service.update_account(
            session, account_id, name=request.name, groups=request.groups, profile=request.profile
        )
        if request.paused is True:
            account = await service.pause_account(session, account_id, reason=request.reason, clock=ctx.clock)
        elif request.paused is False:
            account = await service.resume_account(session, account_id, clock=ctx.clock)
        return AccountRead.of(account)


@router.delete("/accounts/{account_id}", summary="Take an account out of use")
async def archive_account(account_id: str) -> AccountRead:
    """Its publications stay in the ledger; what was not sent is cancelled."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return AccountRead.of(await service.archive_account(session, account_id, clock=ctx.clock))


@router.post("/posts", status_code=status.HTTP_201_CREATED, summary="Make a post of an asset")
async def create_post(request: PostCreate) -> PostRead:
    """Nothing is published by that: plan publications of it."""
    ctx = context.current()
    async with ctx.database.session() as session:
        post = await service.create_post(
            session,
            asset_ids=request.asset_ids,
            title=request.title,
            generated=request.generated,
            clock=ctx.clock,
        )
        return PostRead.of(post, [])


@router.post("/posts/validate", summary="Say which rules a post would break on each account")
async def validate_post(request: ValidateRequest) -> Validation:
    """With the mend of each, and what is adapted by itself. Nothing is planned or sent."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return await validation.validate(session, request, fitting_of(ctx.settings))


async def _chosen(
    *,
    text: Annotated[str | None, Query(max_length=200, description="In the title, description or hashtags.")] = None,
    channel: str | None = None,
    account: Annotated[str | None, Query(description="The id of an account.")] = None,
    run: Annotated[str | None, Query(description="The id of a run.")] = None,
    outcome: Annotated[list[Outcome] | None, Query(description="Of one of its publications.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="One went or goes out then or later ...")] = None,
    until: Annotated[AwareDatetime | None, Query(description="... and before this.")] = None,
) -> PostFilter:
    return PostFilter(
        text=text, channel=channel, account_id=account, run_id=run, outcomes=outcome or (), since=since, until=until
    )


Chosen = Annotated[PostFilter, Depends(_chosen)]


@router.get("/posts", summary="List the posts, newest first")
async def list_posts(chosen: Chosen, limit: Limit = 50, before: Before = None) -> list[PostRead]:
    """Those that a filter finds, each with all of its publications."""
    async with context.current().database.session() as session:
        posts = await searching.list_posts(session, limit=limit, before=before, chosen=chosen)
        publications = await service.list_publications(session, post_ids=[post.id for post in posts])
        return [PostRead.of(post, [p for p in publications if p.post_id == post.id]) for post in posts]


@router.get("/posts/count", summary="Count the posts that a filter finds")
async def count_posts(chosen: Chosen) -> PostCount:
    """And how many of their publications have which outcome."""
    async with context.current().database.session() as session:
        total, by_outcome = await searching.count_posts(session, chosen)
        return PostCount(total=total, by_outcome=by_outcome)


@router.get("/posts/{post_id}", summary="Show one post")
async def show_post(post_id: str) -> PostRead:
    """With its publications."""
    async with context.current().database.session() as session:
        post = await service.get_post(session, post_id)
        return PostRead.of(post, await service.list_publications(session, post_ids=[post_id]))


@router.post("/publications", status_code=status.HTTP_201_CREATED, summary="Plan a post on an account")
async def plan_publication(request: PublicationCreate) -> PublicationRead:
    """A post is planned on an account once; a repeat answers with the row that is there."""
    ctx = context.current()
    async with ctx.database.session() as session:
        publication = await service.plan_publication(
            session,
            post_id=request.post_id,
            account_id=request.account_id,
            copy=request.copy_,
            link_id=request.link_id,
            link_label=request.link_label,
            due_at=request.due_at,
            clock=ctx.clock,
        )
        if request.publish:
            if request.due_at is not None:
                raise InvalidInputError("`publish` and `due_at` exclude each other.", fix="Give one of the two.")
            await service.start_publication(session, publication.id)
        return PublicationRead.of(publication)


@router.get("/publications", summary="List the ledger, newest first")
async def list_publications(
    *,
    run_id: str | None = None,
    post_id: str | None = None,
    account_id: str | None = None,
    outcome: Annotated[list[Outcome] | None, Query(description="Only these outcomes.")] = None,
    parts: Annotated[bool, Query(description="Also the parts of threads and first comments.")] = False,
    limit: Limit = 50,
    before: Before = None,
) -> list[PublicationRead]:
    """Each with its verdict and what to do."""
    async with context.current().database.session() as session:
        rows = await service.list_publications(
            session,
            run_id=run_id,
            post_ids=[post_id] if post_id else None,
            account_id=account_id,
            outcomes=outcome or (),
            limit=limit,
            before=before,
            parts=parts,
        )
        return [PublicationRead.of(row) for row in rows]


@router.get("/publications/{publication_id}", summary="Explain one publication")
async def show_publication(publication_id: str) -> PublicationDetail:
    """Every attempt, what was asked and answered, the verdict, and what to do."""
    async with context.current().database.session() as session:
        publication = await service.get_publication(session, publication_id)
        return PublicationDetail.of(publication, await service.parts_of(session, publication))


@router.get("/publications/{publication_id}/preview", summary="Show what would be sent")
async def preview_publication(publication_id: str) -> Preview:
    """With every rule that is broken. Nothing is sent."""
    async with context.current().database.session() as session:
        return await previews.preview_publication(session, publication_id)


@router.post("/publications/{publication_id}/publish", summary="Send a planned publication now")
async def start_publication(publication_id: str) -> PublicationRead:
    """It goes on from wherever it stands; nothing is ever sent twice."""
    async with context.current().database.session() as session:
        await service.start_publication(session, publication_id)
        return PublicationRead.of(await service.get_publication(session, publication_id))


@router.put("/publications/{publication_id}/due", summary="Move a planned publication to another moment")
async def move_publication(publication_id: str, request: Move) -> PublicationRead:
    """Answer 409 once it is sent, or while it is being made ready."""
    ctx = context.current()
    async with ctx.database.session() as session:
        moved = await moving.move_publication(session, publication_id, due_at=request.due_at, clock=ctx.clock)
        return PublicationRead.of(moved)


@router.post("/publications/{publication_id}/cancel", summary="Take back a publication that was not sent")
async def cancel_publication(publication_id: str) -> PublicationRead:
    """Answer 409 once it was armed."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return PublicationRead.of(await service.cancel_publication(session, publication_id, clock=ctx.clock))


@router.post("/publications/{publication_id}/retry", summary="Send a refused publication again")
async def retry_publication(
    publication_id: str,
    allow_repeat: Annotated[bool, Query(description="It may show what the account has shown before.")] = False,
) -> PublicationRead:
    """As a new attempt. Only a rejected one: what may be public is never sent again."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return PublicationRead.of(
            await service.retry_publication(session, publication_id, allow_repeat=allow_repeat, clock=ctx.clock)
        )


@router.post("/publications/{publication_id}/answer", summary="Say whether an unknown publication is public")
async def answer_publication(publication_id: str, answer: Answer) -> PublicationRead:
    """For an account that no machine can read: somebody looked."""
    ctx = context.current()
    async with ctx.database.session() as session:
        publication = await service.answer_publication(
            session,
            publication_id,
            public=answer.public,
            url=str(answer.url) if answer.url else None,
            clock=ctx.clock,
        )
        return PublicationRead.of(publication)


@router.get("/publishing", summary="Say whether publishing is on")
async def show_publishing() -> PublishingRead:
    """Off means that nothing is sent on any account."""
    async with context.current().database.session() as session:
        return PublishingRead.of(await service.publishing_stopped(session))


@router.post("/publishing/stop", summary="Stop every account at once")
async def stop_publishing(request: PublishingStop) -> PublishingRead:
    """Nothing more is sent anywhere until it is resumed. What went out stays, and is watched on."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await service.stop_publishing(session, reason=request.reason, clock=ctx.clock)
        return PublishingRead.of(await service.publishing_stopped(session))


@router.post("/publishing/resume", summary="Let every account publish again")
async def resume_publishing() -> PublishingRead:
    """Starts what waited. Accounts that are paused by themselves stay so."""
    ctx = context.current()
    async with ctx.database.session() as session:
        started = await service.resume_publishing(session, clock=ctx.clock)
        return PublishingRead.of(await service.publishing_stopped(session), started=started)
