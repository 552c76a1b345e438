"""Every query of the publishing room, but those of the site."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from mediaposter.publishing.models import Account, Post, Publication, PublicationAttempt, Switch
from mediaposter.publishing.outcomes import MAYBE_PUBLIC, Outcome


async def get_account(session: AsyncSession, account_id: str, *, lock: bool = False) -> Account | None:
    return await session.get(Account, account_id, with_for_update=lock or None, populate_existing=lock)


async def get_account_by_external_id(session: AsyncSession, channel: str, external_id: str) -> Account | None:
    query = select(Account).where(Account.channel == channel, Account.external_id == external_id)
    return (await session.execute(query)).scalar_one_or_none()


async def insert_account(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert an account. False when the channel has its external id already, and nothing was inserted."""
    made = insert(Account).values(values).on_conflict_do_nothing(index_elements=["channel", "external_id"])
    return (await session.execute(made.returning(Account.id))).scalar_one_or_none() is not None


async def list_accounts(session: AsyncSession, *, channel: str | None, archived: bool) -> list[Account]:
    """Return the accounts, oldest first."""
    query = select(Account).order_by(Account.id)
    if channel is not None:
        query = query.where(Account.channel == channel)
    if not archived:
        query = query.where(Account.archived_at.is_(None))
    return list((await session.execute(query)).scalars())


async def connected_accounts(session: AsyncSession, channel: str) -> list[Account]:
    """Return the accounts of a channel that have credentials."""
    query = select(Account).where(Account.channel == channel, Account.sealed_credentials.is_not(None))
    return list((await session.execute(query)).scalars())


async def lock_accounts(session: AsyncSession, ids: Collection[str]) -> list[Account]:
    """Return accounts as they are now, locked, in the order of their ids."""
    query = select(Account).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
    return list((await session.execute(query.execution_options(populate_existing=True))).scalars())


async def get_post(session: AsyncSession, post_id: str) -> Post | None:
    return await session.get(Post, post_id)


async def insert_publication(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a publication. False when its post is planned on its account already, and nothing was inserted."""
    made = insert(Publication).values(values).on_conflict_do_nothing().returning(Publication.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def get_publication(
    session: AsyncSession, publication_id: str, *, lock: bool = False, attempts: bool = True
) -> Publication | None:
    """Return a publication with its account, post and attempts. `lock` keeps others from changing it meanwhile."""
    query = select(Publication).where(Publication.id == publication_id)
    return await _one(session, query, lock=lock, attempts=attempts)


async def get_publication_on(session: AsyncSession, post_id: str, account_id: str) -> Publication | None:
    """Return the publication of a post on an account, locked."""
    query = select(Publication).where(
        Publication.post_id == post_id, Publication.account_id == account_id, Publication.part == 0
    )
    return await _one(session, query, lock=True)


async def publications_by_id(session: AsyncSession, ids: Collection[str]) -> list[Publication]:
    """Return those publications that there are, with account and post."""
    query = (
        select(Publication)
        .options(selectinload(Publication.account), selectinload(Publication.post))
        .where(Publication.id.in_(ids))
    )
    return list((await session.execute(query)).scalars())


async def planned(session: AsyncSession, ids: Collection[str]) -> dict[str, Publication]:
    """Return those of some publications that are not sent, by their ids."""
    query = select(Publication).where(Publication.id.in_(ids), Publication.outcome == Outcome.PLANNED)
    return {row.id: row for row in (await session.execute(query)).scalars()}


async def lock_publications(session: AsyncSession, ids: Collection[str]) -> list[Publication]:
    """Return publications with their accounts, locked, in the order of their ids."""
    query = (
        select(Publication)
        .options(selectinload(Publication.account))
        .where(Publication.id.in_(ids))
        .order_by(Publication.id)
        .with_for_update(of=Publication)
        .execution_options(populate_existing=True)
    )
    return list((await session.execute(query)).scalars())


async def _one(session: AsyncSession, query: Any, *, lock: bool, attempts: bool = True) -> Publication | None:
    query = query.options(
        joinedload(Publication.account, innerjoin=True),
        joinedload(Publication.post, innerjoin=True),
        selectinload(Publication.parent, recursion_depth=-1),
    )
    if attempts:
        query = query.options(selectinload(Publication.attempts))
    if lock:
        query = query.with_for_update(of=Publication)
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def list_publications(
    session: AsyncSession,
    *,
    post_ids: Sequence[str] | None = None,
    account_id: str | None = None,
    run_id: str | None = None,
    outcomes: Sequence[Outcome] = (),
    limit: int | None = None,
    before: str | None = None,
    parts: bool = False,
) -> list[Publication]:
    """Return publications with their accounts, newest first; with `parts` also what hangs under them."""
    query = select(Publication).options(selectinload(Publication.account)).order_by(Publication.id.desc())
    if not parts:
        query = query.where(Publication.part == 0)
    if post_ids is not None:
        query = query.where(Publication.post_id.in_(post_ids))
    if account_id is not None:
        query = query.where(Publication.account_id == account_id)
    if run_id is not None:
        query = query.where(Publication.run_id == run_id)
    if outcomes:
        query = query.where(Publication.outcome.in_(outcomes))
    if before is not None:
        query = query.where(Publication.id < before)
    return list((await session.execute(query.limit(limit))).scalars())


async def count_maybe_public(session: AsyncSession, account_id: str) -> int:
    """Return how many publications of an account are or may be public."""
    query = select(func.count()).where(Publication.account_id == account_id, Publication.outcome.in_(MAYBE_PUBLIC))
    return (await session.execute(query)).scalar_one()


async def open_attempt(
    session: AsyncSession, publication: Publication, *, attempt_id: str, now: datetime
) -> PublicationAttempt:
    """Return the present attempt of a publication, made if it is new."""
    values = {
        "id": attempt_id,
        "publication_id": publication.id,
        "account_id": publication.account_id,
        "number": publication.attempt,
        "outcome": Outcome.PLANNED,
        "trail": [],
        "created_at": now,
    }
    query = select(PublicationAttempt).where(
        PublicationAttempt.publication_id == publication.id, PublicationAttempt.number == publication.attempt
    )
    known = (await session.execute(query)).scalar_one_or_none()
    if known is not None:
        return known
    await session.execute(insert(PublicationAttempt).values(values).on_conflict_do_nothing())
    return (await session.execute(query)).scalar_one()


async def external_ids(session: AsyncSession, account_id: str, *, but: str, since: datetime) -> frozenset[str]:
    """Return the platform's ids of an account's publications since a moment, without that of the publication `but`."""
    query = select(Publication.external_id).where(
        Publication.account_id == account_id,
        Publication.id != but,
        Publication.external_id.is_not(None),
        Publication.created_at > since,
    )
    return frozenset(found for found in (await session.execute(query)).scalars() if found)


async def maybe_public_on(session: AsyncSession, channel: str, *, but: str, since: datetime) -> list[Publication]:
    """Return what may be public on any account of a channel, armed since a moment, with its account."""
    query = (
        select(Publication)
        .join(Account)
        .options(contains_eager(Publication.account))
        .where(
            Account.channel == channel,
            Publication.id != but,
            Publication.armed_at > since,
            Publication.outcome.in_(MAYBE_PUBLIC),
        )
        .order_by(Publication.id)
    )
    return list((await session.execute(query)).scalars())


async def get_switch(session: AsyncSession, name: str) -> Switch | None:
    """Return the switch when it is thrown."""
    return await session.get(Switch, name)


async def throw_switch(session: AsyncSession, name: str, *, reason: str, now: datetime) -> None:
    """Throw a switch; one that is thrown stays as it is."""
    values = {"name": name, "reason": reason, "thrown_at": now, "created_at": now}
    await session.execute(insert(Switch).values(values).on_conflict_do_nothing())


async def release_switch(session: AsyncSession, name: str) -> None:
    """Take a switch back."""
    await session.execute(delete(Switch).where(Switch.name == name))


async def lock_limits(session: AsyncSession, keys: Collection[str]) -> None:
    """Let nobody else count or reserve under any of `keys` until this transaction ends."""
    if not keys:
        return
    # In one order everywhere, or two that want the same ones would wait for each other.
    query = text(
        "SELECT pg_advisory_xact_lock(hashtextextended('limits:' || key, 0)) FROM unnest(:keys ::text[]) AS key"
    )
    await session.execute(query, {"keys": sorted(keys)})


async def moments(
    session: AsyncSession, account_ids: Collection[str], *, since: datetime, parts: bool, reserved: bool
) -> dict[str, list[datetime]]:
    """Return when posts of each account went out; with `reserved`, also when they are to. `parts`: those of threads."""
    went = select(PublicationAttempt.account_id, PublicationAttempt.armed_at).where(
        PublicationAttempt.armed_at > since, PublicationAttempt.account_id.in_(account_ids)
    )
    waiting = select(Publication.account_id, Publication.slot_at).where(
        Publication.outcome == Outcome.PLANNED, Publication.slot_at > since, Publication.account_id.in_(account_ids)
    )
    if not parts:
        went = went.join(Publication, Publication.id == PublicationAttempt.publication_id).where(Publication.part == 0)
        waiting = waiting.where(Publication.part == 0)
    found: dict[str, list[datetime]] = {account_id: [] for account_id in account_ids}
    for query in (went, waiting) if reserved else (went,):
        for account_id, moment in await session.execute(query):
            if moment is not None:
                found[account_id].append(moment)
    return found


async def moments_on(session: AsyncSession, channel: str, *, since: datetime, reserved: bool) -> list[datetime]:
    """Return when posts of all accounts of a channel went out; with `reserved`, also when they are to."""
    accounts = select(Account.id).where(Account.channel == channel)
    went = select(PublicationAttempt.armed_at).where(
        PublicationAttempt.armed_at > since, PublicationAttempt.account_id.in_(accounts)
    )
    waiting = select(Publication.slot_at).where(
        Publication.outcome == Outcome.PLANNED, Publication.slot_at > since, Publication.account_id.in_(accounts)
    )
    found = [*(await session.execute(went)).scalars()]
    if reserved:
        found += (await session.execute(waiting)).scalars()
    return [moment for moment in found if moment is not None]


async def spent(session: AsyncSession, account_id: str, *, since: datetime, but: str) -> tuple[int, datetime | None]:
    """Return what an account's posts have cost since a moment, in micros, and when the oldest of them went out."""
    query = select(func.coalesce(func.sum(Publication.cost_micros), 0), func.min(Publication.armed_at)).where(
        Publication.account_id == account_id,
        Publication.id != but,
        Publication.armed_at > since,
        Publication.outcome.in_(MAYBE_PUBLIC),
    )
    total, oldest = (await session.execute(query)).one()
    return int(total or 0), oldest


async def shown(session: AsyncSession, row: Publication, *, since: datetime) -> list[Publication]:
    """Return what else the account shows or may show, newest first, with its post."""
    query = (
        select(Publication)
        .options(selectinload(Publication.post))
        .where(
            Publication.account_id == row.account_id,
            Publication.id != row.id,
            Publication.post_id != row.post_id,
            Publication.part == 0,
            Publication.outcome.in_(MAYBE_PUBLIC),
            Publication.created_at > since,
        )
        .order_by(Publication.id.desc())
        .limit(2000)
    )
    return list((await session.execute(query)).scalars())


async def shows_media(
    session: AsyncSession, account_ids: Sequence[str], asset_ids: Sequence[str]
) -> dict[str, str | None]:
    """Return which accounts show, or may show, a post of exactly these media, with its address."""
    query = (
        select(Publication.account_id, Publication.url)
        .join(Post, Post.id == Publication.post_id)
        .where(
            Post.asset_ids == list(asset_ids),
            Publication.account_id.in_(account_ids),
            Publication.part == 0,
            Publication.outcome.in_(MAYBE_PUBLIC),
        )
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def parts_under(session: AsyncSession, parent_id: str) -> list[Publication]:
    """Return the publications that go out under another one, locked, in order."""
    query = (
        select(Publication)
        .options(selectinload(Publication.account))
        .where(Publication.parent_id == parent_id)
        .order_by(Publication.part)
        .with_for_update(of=Publication)
        .execution_options(populate_existing=True)
    )
    return list((await session.execute(query)).scalars())


async def parts_of(session: AsyncSession, post_id: str, account_id: str, *, lock: bool = True) -> list[Publication]:
    """Return everything of a post on an account but the post itself, in order."""
    query = (
        select(Publication)
        .options(selectinload(Publication.account))
        .where(Publication.post_id == post_id, Publication.account_id == account_id, Publication.part > 0)
        .order_by(Publication.part)
    )
    if lock:
        query = query.with_for_update(of=Publication).execution_options(populate_existing=True)
    return list((await session.execute(query)).scalars())
