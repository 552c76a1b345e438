"""What needs a person: asked of every room, the most urgent first, each with what to do."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.overview.schemas import AccountBrief, NeedKind, NeedRead
from mediaposter.pipeline import service as pipeline
from mediaposter.pipeline.models import Run, RunState
from mediaposter.publishing import service as publishing
from mediaposter.publishing import usage
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.verdict import explain

_LOOKED_BACK = timedelta(days=7)
_SHOWN = 50  # of each kind
_BROWSER = timedelta(days=1)
_ORDER = list(NeedKind)


async def attention(session: AsyncSession, *, now: datetime) -> list[NeedRead]:
    """Return what waits for a person, the most urgent first."""
    needs = [
        *await _stopped(session),
        *await _publications(session, now),
        *await _accounts(session, now),
        *await _runs(session, now),
        *await _browser(session, now),
    ]
    return sorted(needs, key=lambda need: (_ORDER.index(need.kind), -(need.since or now).timestamp()))


async def _stopped(session: AsyncSession) -> list[NeedRead]:
    switch = await publishing.publishing_stopped(session)
    if switch is None:
        return []
    return [
        _need(
            "publishing",
            NeedKind.STOPPED,
            "Publishing is stopped on every account",
            detail=switch.reason,
            fix="Let it go on when the cause is gone.",
            since=switch.thrown_at,
        )
    ]


async def _publications(session: AsyncSession, now: datetime) -> list[NeedRead]:
    rows = await publishing.list_publications(
        session, outcomes=[Outcome.UNKNOWN, Outcome.REJECTED], limit=_SHOWN * 2, parts=True
    )
    recent = [row for row in rows if row.outcome is Outcome.UNKNOWN or _when(row) > now - _LOOKED_BACK]
    return [_of_publication(row) for row in recent[: _SHOWN * 2]]


def _of_publication(row: Publication) -> NeedRead:
    verdict = explain(row)
    unknown = row.outcome is Outcome.UNKNOWN
    return _need(
        row.id,
        NeedKind.UNKNOWN if unknown else NeedKind.REFUSED,
        str(row.copy.get("title") or row.copy.get("description") or "A post")[:120],
        detail=verdict.says,
        fix=verdict.next,
        since=_when(row),
        account=row.account,
        publication_id=row.id,
        run_id=row.run_id,
    )


async def _accounts(session: AsyncSession, now: datetime) -> list[NeedRead]:
    needs: list[NeedRead] = []
    for account in await publishing.list_accounts(session, "all"):
        stands = usage.standing(account, now)
        if stands.health in (usage.Health.PROBLEM, usage.Health.PAUSED):
            broken = stands.health is usage.Health.PROBLEM
            kind = NeedKind.RECONNECT if broken else NeedKind.PAUSED
            title = f"{account.name} cannot publish" if broken else f"{account.name} is paused"
            since = None if broken else account.paused_at
            needs.append(
                _need(account.id, kind, title, detail=stands.says, fix=stands.fix, since=since, account=account)
            )
        budget = await usage.budget_of(session, account, now)
        if budget and budget.spent_micros >= budget.micros:
            fix = f"It goes on by itself as the {budget.days} days move on; or raise the budget."
            needs.append(
                _need(
                    f"{account.id}:budget",
                    NeedKind.BUDGET,
                    f"The budget of {account.name} is used up",
                    detail=f"{budget.spent_micros / 1e6:.2f} {budget.currency} in {budget.days} days.",
                    fix=fix,
                    since=None,
                    account=account,
                )
            )
    return needs


async def _runs(session: AsyncSession, now: datetime) -> list[NeedRead]:
    states = (RunState.WAITING, RunState.FAILED, RunState.PARTIAL)
    runs = await pipeline.list_runs(session, states=states, limit=_SHOWN)
    return [
        _of_run(run)
        for run in runs
        if run.state is RunState.WAITING or (run.finished_at or run.created_at) > now - _LOOKED_BACK
    ]


def _of_run(run: Run) -> NeedRead:
    error = run.error or {}
    title = next(iter([*run.config.get("prompts", ()), *run.config.get("clips", ())]), run.id)
    if run.state is RunState.WAITING:
        kind, detail, fix = NeedKind.APPROVAL, "The draft is ready.", "Look at it, then approve it or cancel it."
    else:
        kind = NeedKind.RUN_FAILED
        detail, fix = str(error.get("detail", f"The run is {run.state}.")), str(error.get("fix", "Look at the run."))
    since = run.finished_at or run.created_at
    return _need(run.id, kind, str(title)[:120], detail=detail, fix=fix, since=since, run_id=run.id)


async def _browser(session: AsyncSession, now: datetime) -> list[NeedRead]:
    found = await events.history(session, topic="browser.needs_person", limit=5)
    newest = {event.subject: event for event in reversed(found) if event.created_at > now - _BROWSER}
    return [
        _need(
            event.id,
            NeedKind.BROWSER,
            f"The browser needs you on {site}",
            detail=str(event.data.get("detail", "")),
            fix=str(event.data.get("fix", "")),
            since=event.created_at,
        )
        for site, event in newest.items()
    ]


def _when(row: Publication) -> datetime:
    return row.settled_at or row.sent_at or row.armed_at or row.created_at


def _need(
    need_id: str,
    kind: NeedKind,
    title: str,
    *,
    detail: str,
    fix: str,
    since: datetime | None,
    account: Account | None = None,
    run_id: str | None = None,
    publication_id: str | None = None,
) -> NeedRead:
    return NeedRead(
        id=need_id,
        kind=kind,
        title=title,
        detail=detail,
        fix=fix,
        since=since,
        account=AccountBrief.model_validate(account) if account else None,
        run_id=run_id,
        publication_id=publication_id,
        campaign_id=None,
    )
