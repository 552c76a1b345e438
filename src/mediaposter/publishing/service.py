"""What publishing can do: accounts, posts, and the rows of the ledger. Services never commit."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import regex
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events, timeline
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import ConflictError, FieldProblem, InvalidInputError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.secrets import SecretBox
from mediaposter.publishing import guards, ledger, parts, preflight, repository, workflows
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import PublicationStateError
from mediaposter.publishing.ledger import DUE
from mediaposter.publishing.models import TRIES, Account, Kind, Post, Publication, Switch
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.schemas import Budget, Burst, Profile

# Accounts


async def create_account(
    session: AsyncSession,
    *,
    channel: str,
    handle: str,
    name: str | None = None,
    external_id: str | None = None,
    groups: Sequence[str] = (),
    profile: Profile | None = None,
    target: JsonObject | None = None,
    credentials: JsonObject | None = None,
    secrets: SecretBox | None = None,
    clock: Clock = utc_now,
) -> Account:
    """Add an account. `external_id` is the platform's own id of it; without one, the handle in lower case.

    `credentials` are encrypted by `secrets`. Raises ConflictError when the channel has that account already, and
    InvalidInputError when the channel does not allow such a handle.
    """
    rules = load_channel(channel).rules.account
    handle = handle.strip().removeprefix("@")
    if not regex.fullmatch(rules.handle, handle):
        raise InvalidInputError(
            f"{handle!r} cannot be a handle on {channel}.",
            fix=f"A handle there is {rules.hint}.",
            errors=[FieldProblem("handle", rules.hint, "Choose another handle.")],
        )
    if credentials and secrets is None:
        raise ValueError("credentials are only stored encrypted: pass the process's SecretBox as `secrets`")
    account_id = new_id("acct")
    values = {
        "id": account_id,
        "channel": channel,
        "external_id": external_id or handle.lower(),
        "handle": handle,
        "name": (name or handle).strip(),
        "groups": sorted(set(groups)),
        "profile": (profile or Profile()).model_dump(mode="json"),
        "target": target or {},
        "scopes": [],
        "sealed_credentials": secrets.seal(json.dumps(credentials)) if credentials and secrets else None,
        "created_at": clock(),
    }
    if not await repository.insert_account(session, values):
        raise ConflictError(
            f"The account {handle} is on {channel} already.", fix="List the accounts with `mediaposter accounts list`."
        )
    await events.emit(session, "account.created", account_id, {"channel": channel, "handle": handle})
    return await get_account(session, account_id)


async def get_account(session: AsyncSession, account_id: str) -> Account:
    """Return an account. Raises NotFoundError."""
    account = await repository.get_account(session, account_id)
    if account is None:
        raise NotFoundError(f"There is no account {account_id}.", fix="List them with `mediaposter accounts list`.")
    return account


async def find_account(session: AsyncSession, channel: str, external_id: str) -> Account | None:
    """Return the account with this external id on a channel, None when there is none."""
    return await repository.get_account_by_external_id(session, channel, external_id)


async def list_accounts(
    session: AsyncSession,
    selector: str | Sequence[str] = "all",
    *,
    channel: str | None = None,
    archived: bool = False,
) -> list[Account]:
    """Return the accounts that `selector` names, each once, oldest first.

    Each word of it is `all`, a group, an account's id, `@handle` or `channel:handle`. Paused accounts are among them:
    a publication on them waits. Raises NotFoundError for a word that names nothing.
    """
    words = [selector] if isinstance(selector, str) else list(selector)
    accounts = await repository.list_accounts(session, channel=channel, archived=archived)
    chosen: set[str] = set()
    for word in words:
        named = {account.id for account in accounts if _is_named(account, word)}
        if not named and word != "all":
            raise NotFoundError(
                f"No account, group or handle is called {word!r}.",
                fix="See `mediaposter accounts list`; name a group, an id, @handle or channel:handle.",
            )
        chosen |= named
    return [account for account in accounts if account.id in chosen]


def _is_named(account: Account, word: str) -> bool:
    handle = account.handle.lower()
    return (
        word in ("all", account.id)
        or word in account.groups
        or word.lower() in (f"@{handle}", f"{account.channel}:{handle}", f"{account.channel}:@{handle}")
    )


async def update_account(
    session: AsyncSession,
    account_id: str,
    *,
    name: str | None = None,
    groups: Sequence[str] | None = None,
    profile: Profile | None = None,
    burst: Burst | None = None,
    budget: Budget | None = None,
) -> Account:
    """Change what is given, keep the rest."""
    account = await get_account(session, account_id)
    if name is not None:
        account.name = name.strip()
    if groups is not None:
        account.groups = sorted(set(groups))
    if profile is not None:
        account.profile = profile.model_dump(mode="json")
    if burst is not None:
        account.burst = burst.model_dump(mode="json")
    if budget is not None:
        account.budget = budget.model_dump(mode="json")
    await session.flush()
    return account


async def pause_account(session: AsyncSession, account_id: str, *, reason: str, clock: Clock = utc_now) -> Account:
    """Throw the kill switch: nothing more is sent on this account until it is resumed. What is out stays out."""
    account = await get_account(session, account_id)
    account.paused_at = account.paused_at or clock()
    account.paused_reason = reason or "paused by hand"
    await session.flush()
    await events.emit(session, "account.paused", account_id, {"reason": account.paused_reason})
    return account


async def resume_account(session: AsyncSession, account_id: str, *, clock: Clock = utc_now) -> Account:
    """Let an account publish again, and start every publication that waited for it."""
    account = await get_account(session, account_id)
    account.paused_at = account.paused_reason = account.held_until = None
    await session.flush()
    await events.emit(session, "account.resumed", account_id, {})
    await _start_waiting(session, account_id, clock=clock)
    return account


async def archive_account(session: AsyncSession, account_id: str, *, clock: Clock = utc_now) -> Account:
    """Take an account out of use. Its rows of the ledger stay; what was not sent is cancelled."""
    account = await get_account(session, account_id)
    account.archived_at = account.archived_at or clock()
    for publication in await repository.list_publications(session, account_id=account_id, outcomes=[Outcome.PLANNED]):
        await cancel_publication(session, publication.id, clock=clock)
    await session.flush()
    await events.emit(session, "account.archived", account_id, {})
    return account


# The switch for all


async def stop_publishing(session: AsyncSession, *, reason: str, clock: Clock = utc_now) -> None:
    """Send nothing more on any account until `resume_publishing`. What is out stays out, and is still watched."""
    why = reason.strip() or "stopped by hand"
    await repository.throw_switch(session, guards.PUBLISHING, reason=why, now=clock())
    await events.emit(session, "publishing.stopped", guards.PUBLISHING, {"reason": why})


async def resume_publishing(session: AsyncSession, *, clock: Clock = utc_now) -> int:
    """Let all accounts publish again, start what waited, and return how many publications that is."""
    await repository.release_switch(session, guards.PUBLISHING)
    await events.emit(session, "publishing.resumed", guards.PUBLISHING, {})
    return await _start_waiting(session, None, clock=clock)


async def publishing_stopped(session: AsyncSession) -> Switch | None:
    """Return the thrown switch with its reason, None when publishing is on."""
    return await repository.get_switch(session, guards.PUBLISHING)


async def _start_waiting(session: AsyncSession, account_id: str | None, *, clock: Clock) -> int:
    now = clock()
    waiting = await repository.list_publications(session, account_id=account_id, outcomes=[Outcome.PLANNED], parts=True)
    started = 0
    for publication in waiting:
        due = publication.due_at is None or publication.due_at <= now
        if publication.starts and due and publication.account.paused_at is None:
            await start_publication(session, publication.id)
            started += 1
    return started


# Posts


async def create_post(
    session: AsyncSession,
    *,
    asset_ids: Sequence[str] = (),
    title: str = "",
    run_id: str | None = None,
    generated: bool = False,
    recipe: Mapping[str, str] | None = None,
    prompts: Sequence[str] = (),
    clip_ids: Sequence[str] = (),
    clock: Clock = utc_now,
) -> Post:
    """Make a post of a video, of pictures in their order, or of words alone. Nothing is published by that.

    `generated` says that a model made them: platforms that have a flag for that get it. `recipe`, `prompts` and
    `clip_ids` are what it was made from; what its publications earn is credited to them.
    """
    post = Post(
        id=new_id("post"),
        asset_ids=list(asset_ids),
        generated=generated,
        recipe=dict(recipe or {}),
        prompts=list(prompts),
        clip_ids=list(clip_ids),
        run_id=run_id,
        title=title.strip(),
        created_at=clock(),
    )
    session.add(post)
    await session.flush()
    await events.emit(session, "post.created", post.id, {"asset_ids": post.asset_ids, "run_id": run_id})
    return post


async def get_post(session: AsyncSession, post_id: str) -> Post:
    """Return a post. Raises NotFoundError."""
    post = await repository.get_post(session, post_id)
    if post is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return post


# Publications: the ledger


@dataclass(frozen=True)
class Start:
    """How to run a publication's workflow: `engine.start_child(publish, id, queue=Queue.PUBLISH, ...)`."""

    publication_id: str
    workflow_id: str
    partition: str


async def plan_publication(
    session: AsyncSession,
    *,
    post_id: str,
    account_id: str,
    copy: Copy,
    run_id: str | None = None,
    link_id: str | None = None,
    link_label: str | None = None,
    due_at: datetime | None = None,
    publication_id: str | None = None,
    clock: Clock = utc_now,
) -> Publication:
    """Write a post on an account into the ledger, once: a repeat returns the row that is there.

    One that has not gone out (planned, rejected, cancelled) takes the new words; a cancelled one is planned again; any
    other stays as it is. With `due_at` it starts by itself then; without, when it is started. `link_label` is what the
    button of the tracked link says, where the channel shows one. `publication_id` is for those who must know the id
    before (`new_id("pub")`), such as the maker of its tracked link.
    """
    await get_post(session, post_id)
    account = await get_account(session, account_id)
    if account.archived_at is not None:
        raise ConflictError(f"The account {account.handle} is archived.", fix="Choose another account.")
    values = {
        "id": publication_id or new_id("pub"),
        "post_id": post_id,
        "account_id": account_id,
        "run_id": run_id,
        "link_id": link_id,
        "link_label": link_label,
        "copy": copy.model_dump(mode="json"),
        "part": 0,
        "kind": Kind.POST,
        "allow_repeat": False,
        "outcome": Outcome.PLANNED,
        "attempt": 1,
        "tries_left": TRIES,
        "starts": 0,
        "due_at": due_at,
        "created_at": clock(),
    }
    made = await repository.insert_publication(session, values)
    publication = await repository.get_publication_on(session, post_id, account_id)
    assert publication is not None
    if made:
        await ledger.write(session, publication, note="Planned.", now=clock())
        data = {"post_id": post_id, "account_id": account_id, "channel": account.channel, "run_id": run_id}
        await events.emit(session, "publication.planned", publication.id, data)
    elif publication.outcome in (Outcome.PLANNED, Outcome.REJECTED, Outcome.CANCELLED):
        publication.copy = copy.model_dump(mode="json")
        publication.link_id, publication.link_label = link_id, link_label
        publication.due_at = due_at
        publication.run_id = run_id or publication.run_id
        if publication.outcome is Outcome.CANCELLED:
            await ledger.begin_again(session, publication, note="Planned again.", now=clock(), by_itself=False)
        await session.flush()
    rules = rules_of(load_channel(account.channel), account.target).text
    threads = rules.thread_max > 0 and not rules.thread_in_one
    await parts.plan(session, publication, threads=threads, comments=rules.first_comment, now=clock())
    if due_at is not None and publication.outcome is Outcome.PLANNED:
        key = f"{publication.id}:due:{publication.attempt}:{due_at.isoformat()}"
        await timeline.schedule(session, kind=DUE, subject=publication.id, due_at=due_at, key=key)
    if publication.outcome is Outcome.PLANNED and (due_at is not None or not made):
        await preflight.schedule(session, publication, now=clock(), fresh=made)
    return publication


async def get_publication(session: AsyncSession, publication_id: str, *, lock: bool = False) -> Publication:
    """Return a publication with its account, post and attempts. Raises NotFoundError."""
    publication = await repository.get_publication(session, publication_id, lock=lock)
    if publication is None:
        raise NotFoundError(
            f"There is no publication {publication_id}.", fix="List them with `mediaposter publications list`."
        )
    return publication


async def publications_by_id(session: AsyncSession, ids: Collection[str]) -> list[Publication]:
    """Return those of some publications that there are, with account and post."""
    return await repository.publications_by_id(session, ids)


async def parts_of(session: AsyncSession, publication: Publication) -> list[Publication]:
    """Return what hangs under a post: the further posts of its thread in order, and its first comment."""
    if publication.kind is not Kind.POST:
        return []
    return await repository.parts_of(session, publication.post_id, publication.account_id, lock=False)


async def list_publications(
    session: AsyncSession,
    *,
    run_id: str | None = None,
    post_ids: Sequence[str] | None = None,
    account_id: str | None = None,
    outcomes: Sequence[Outcome] = (),
    limit: int | None = None,
    before: str | None = None,
    parts: bool = False,
) -> list[Publication]:
    """Return publications with their accounts, newest first; those of a run, of posts, of an account.

    With `parts` also what hangs under them: the further posts of threads, and first comments.
    """
    return await repository.list_publications(
        session,
        post_ids=post_ids,
        account_id=account_id,
        run_id=run_id,
        outcomes=outcomes,
        limit=limit,
        before=before,
        parts=parts,
    )


async def next_start(session: AsyncSession, publication_id: str) -> Start:
    """Count one more start of a publication and say how to run it, for a workflow that wants it as its child."""
    publication = await get_publication(session, publication_id, lock=True)
    publication.starts += 1
    await session.flush()
    return Start(publication.id, publication.workflow_id, publication.account_id)


async def start_publication(session: AsyncSession, publication_id: str) -> Start:
    """Enqueue a publication: it goes on from wherever it stands. Harmless when it is settled or under way."""
    publication = await get_publication(session, publication_id, lock=True)
    return Start(publication.id, await workflows.start(session, publication), publication.account_id)


async def cancel_publication(session: AsyncSession, publication_id: str, *, clock: Clock = utc_now) -> Publication:
    """Take back a publication that was not sent. Raises PublicationStateError once it is armed. Idempotent."""
    publication = await get_publication(session, publication_id, lock=True)
    if publication.outcome is Outcome.CANCELLED:
        return publication
    if publication.outcome is not Outcome.PLANNED:
        raise PublicationStateError(
            f"The publication is {publication.outcome}: only one that was not sent can be cancelled.",
            fix=f"It is public at {publication.url}; take it down there." if publication.url else "Leave it as it is.",
        )
    await ledger.change(session, publication, Outcome.CANCELLED, note="Cancelled.", now=clock())
    return publication


async def cancel_planned(session: AsyncSession, *, run_id: str, clock: Clock = utc_now) -> list[Publication]:
    """Take back the publications of a run that were not sent, and return them. What may be public stays as it is."""
    planned = await repository.list_publications(session, run_id=run_id, outcomes=[Outcome.PLANNED])
    taken: list[Publication] = []
    for one in sorted(planned, key=lambda row: row.id):
        row = await get_publication(session, one.id, lock=True)
        if row.outcome is Outcome.PLANNED:  # it may have been armed while we waited for the row
            await ledger.change(session, row, Outcome.CANCELLED, note="The run was cancelled.", now=clock())
            taken.append(row)
    return taken


async def note_removed(session: AsyncSession, publication: Publication, *, now: datetime) -> None:
    """Note that the platform does not have a public post any more. It stays confirmed: it was public."""
    if publication.removed_at is not None:
        return
    publication.removed_at = now
    await ledger.write(session, publication, note="The platform does not have it any more.", now=now)
    data: JsonObject = {
        "post_id": publication.post_id,
        "account_id": publication.account_id,
        "channel": publication.account.channel,
        "run_id": publication.run_id,
        "url": publication.url,
    }
    await events.emit(session, "publication.removed", publication.id, data)


async def retry_publication(
    session: AsyncSession,
    publication_id: str,
    *,
    copy: Copy | None = None,
    allow_repeat: bool = False,
    start: bool = True,
    clock: Clock = utc_now,
) -> Publication:
    """Plan a refused publication again as a new attempt, with other words if `copy` is given, and start it.

    Only a rejected one: what may be public is never sent again. Raises PublicationStateError. With `start=False` the
    caller runs it (`next_start`). `allow_repeat` says that it may show what the account has shown before.
    """
    publication = await get_publication(session, publication_id, lock=True)
    if publication.outcome is not Outcome.REJECTED:
        raise PublicationStateError(
            f"The publication is {publication.outcome}: only a rejected one can be retried.",
            fix="See what to do with `mediaposter publications show " + publication_id + "`.",
        )
    if copy is not None:
        publication.copy = copy.model_dump(mode="json")
    publication.allow_repeat = publication.allow_repeat or allow_repeat
    publication.due_at = None
    await ledger.begin_again(session, publication, note="Retried.", now=clock(), by_itself=False)
    if start:
        await start_publication(session, publication_id)
    return publication


async def answer_publication(
    session: AsyncSession, publication_id: str, *, public: bool, url: str | None = None, clock: Clock = utc_now
) -> Publication:
    """Settle an unknown publication by the word of a person who looked at the account."""
    publication = await get_publication(session, publication_id, lock=True)
    if publication.outcome is not Outcome.UNKNOWN:
        raise PublicationStateError(f"The publication is {publication.outcome}; there is nothing to answer.")
    if public:
        publication.url = url or publication.url
        await ledger.change(
            session, publication, Outcome.CONFIRMED, note="A person found it on the account.", now=clock()
        )
        return publication
    problem: JsonObject = {
        "code": "NOT_THERE",
        "detail": "A person looked at the account and it is not there.",
        "fix": "Retry it.",
    }
    await ledger.change(
        session, publication, Outcome.REJECTED, note=str(problem["detail"]), now=clock(), problem=problem
    )
    return publication
