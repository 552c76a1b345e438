"""The look ahead at scheduled posts: a day and ten minutes before their time, while there is time to mend something.

Each look checks the rules and asks the channel whether the account would take a post now; the last one also makes the
renditions, so that nothing is encoded when the moment has come. What fails is said (`publication.preflight_failed`)
and never rejects the publication: it goes out at its time as planned.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine, events, timeline
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.timeline import TimelineEntry, TimelineState
from mediaposter.publishing import repository
from mediaposter.publishing.account_checks import account_checks
from mediaposter.publishing.connection import Check
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.ledger import PREFLIGHT
from mediaposter.publishing.materials import materials
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import outgoing_of
from mediaposter.publishing.preview import check_account, facts_of
from mediaposter.publishing.registry import load_channel, rules_of

LOOKS = {"24h": timedelta(hours=24), "10m": timedelta(minutes=10)}
LAST = "10m"  # the look that makes the renditions


async def schedule(session: AsyncSession, publication: Publication, *, now: datetime, fresh: bool = False) -> None:
    """Write the looks ahead of a planned publication into the timeline, those of an earlier time taken back.

    A look whose time is over already is left out. Call it whenever the publication's time or words are set; `fresh`
    says that it was planned just now and has no looks yet.
    """
    due_at = publication.due_at
    wanted: set[str] = set()
    if due_at is not None and publication.outcome is Outcome.PLANNED:
        for name, ahead in LOOKS.items():
            if due_at - ahead <= now:
                continue
            key = f"{publication.id}:preflight:{name}:{publication.attempt}:{due_at.isoformat()}"
            entry = await timeline.schedule(
                session,
                kind=PREFLIGHT,
                subject=publication.id,
                due_at=due_at - ahead,
                key=key,
                data={"look": name, "due_at": due_at.isoformat()},
            )
            if entry.state is TimelineState.CANCELLED:  # it went to another time and came back to this one
                entry.state, entry.note = TimelineState.WAITING, None
            wanted.add(entry.id)
    if fresh:
        return
    publication.preflight = None  # what was seen was another time, or other words
    for entry in await timeline.list_entries(
        session, kind=PREFLIGHT, subject=publication.id, state=TimelineState.WAITING
    ):
        if entry.id not in wanted:
            await timeline.cancel(session, entry.id, note="The publication has another time.")


@timeline.on_due(PREFLIGHT)
async def start_looks(session: AsyncSession, entries: Sequence[TimelineEntry]) -> None:
    """Enqueue one workflow for each account: the account itself is asked once for all its posts."""
    rows = await repository.planned(session, {entry.subject for entry in entries})
    together: defaultdict[tuple[str, str], list[TimelineEntry]] = defaultdict(list)
    for entry in entries:
        row = rows.get(entry.subject)
        if row is not None and row.due_at is not None and row.due_at.isoformat() == entry.data["due_at"]:
            together[row.account_id, str(entry.data["look"])].append(entry)
    for (account_id, look), due in together.items():
        workflow_id = await engine.enqueue(
            session,
            preflight,
            account_id,
            look,
            [entry.subject for entry in due],
            queue=Queue.TIMELINE,
            id=f"preflight:{due[0].id}",
        )
        for entry in due:
            entry.workflow_id = workflow_id


@engine.workflow("publishing.preflight")
async def preflight(account_id: str, look: str, publication_ids: list[str]) -> int:
    """Look ahead at some publications of one account, and return how many would not go out as they are."""
    checks = await ask_account(account_id)
    failed = 0
    for publication_id in publication_ids:
        failed += not await look_at(publication_id, look, checks)
    return failed


@engine.step("publishing.ask_account")
async def ask_account(account_id: str) -> list[JsonObject]:
    """Ask the channel whether the account would take a post now. Reads only."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await repository.get_account(session, account_id)
    return [] if account is None else [asdict(check) for check in await account_checks(ctx, account)]


@engine.step("publishing.look_ahead")
async def look_at(publication_id: str, look: str, checks: list[JsonObject]) -> bool:
    """Check one publication, make its renditions where it is time, and write down what was found."""
    return await look_ahead(context.current(), publication_id, look, [Check(**check) for check in checks])


async def look_ahead(ctx: Context, publication_id: str, look: str, checks: Sequence[Check]) -> bool:
    """Check a planned publication against its rules and `checks`, keep what was found, and return whether all is well.

    The last look makes the renditions. A publication that is not planned any more is left alone.
    """
    async with ctx.database.session() as session:
        row = await repository.get_publication(session, publication_id, attempts=False)
        if row is None or row.outcome is not Outcome.PLANNED:
            return True
        facts = await facts_of(session, row.post.asset_ids)
        outgoing = outgoing_of(row, ctx.secrets)
        found = check_account(row.account, Copy.model_validate(row.copy), facts)
        due_at = row.due_at
        held = _held(row)
    channel = load_channel(outgoing.account.channel)
    told = [*checks, *held]
    if look == LAST and not found.broken:
        try:
            await materials(outgoing, rules_of(channel, outgoing.target))
        except MediaPosterError as error:
            told.append(Check("renditions", ok=False, says=error.detail, fix=error.fix))
    result: dict[str, Any] = {
        "at": ctx.clock().isoformat(),
        "look": look,
        "ok": found.ok and all(check.ok for check in told),
        "broken": [rule.model_dump() for rule in found.broken],
        "adapts": [change.model_dump() for change in found.adapts],
        "checks": [asdict(check) for check in told],
    }
    async with ctx.database.session() as session:
        row = await repository.get_publication(session, publication_id, lock=True, attempts=False)
        if row is None or row.outcome is not Outcome.PLANNED or row.due_at != due_at:
            return True
        await _keep(session, row, result)
    return bool(result["ok"])


async def _keep(session: AsyncSession, row: Publication, result: JsonObject) -> None:
    row.preflight = result
    data = {
        "post_id": row.post_id,
        "account_id": row.account_id,
        "channel": row.account.channel,
        "run_id": row.run_id,
        "due_at": _told(row.due_at),
        "look": result["look"],
    }
    if not result["ok"]:
        data["broken"] = result["broken"]
        data["checks"] = [check for check in result["checks"] if not check["ok"]]
    if result["ok"]:
        await events.emit(session, "publication.preflight_passed", row.id, data)
    else:
        await events.emit(session, "publication.preflight_failed", row.id, data)


def _held(row: Publication) -> list[Check]:
    until = row.account.held_until
    if until is None or row.due_at is None or until <= row.due_at:
        return []
    says = f"The platform asked the account to rest until {until:%Y-%m-%d %H:%M} UTC."
    return [Check("held", ok=False, says=says, fix="Nothing: it is sent then.")]


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
