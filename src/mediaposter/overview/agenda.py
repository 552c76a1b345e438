"""What is due next, out of the timeline, in words for people."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import service as campaigns
from mediaposter.core import timeline
from mediaposter.core.models import TimelineEntry
from mediaposter.core.power import WAKE
from mediaposter.hooks.service import SEND
from mediaposter.metrics.service import CHECKBACK
from mediaposter.overview.schemas import AccountBrief, DueKind, DueRead
from mediaposter.publishing import service as publishing
from mediaposter.publishing.connecting.refreshing import RENEW
from mediaposter.publishing.ledger import DUE, PREFLIGHT
from mediaposter.publishing.models import Publication

_KINDS: Mapping[str, DueKind] = {
    DUE: DueKind.POST,
    PREFLIGHT: DueKind.LOOK_AHEAD,
    CHECKBACK: DueKind.CHECKBACK,
    campaigns.TWEET: DueKind.TWEET,
    WAKE: DueKind.WAKE,
    SEND: DueKind.WEBHOOK,
    RENEW: DueKind.RENEWAL,
}
_QUIET = (PREFLIGHT, SEND, RENEW)  # the machine's own chores


async def agenda(
    session: AsyncSession, *, limit: int, until: datetime | None = None, chores: bool = False
) -> list[DueRead]:
    """Return what is due next, the soonest first; with `chores` also what the machine does for itself."""
    without = () if chores else _QUIET
    rows = await timeline.upcoming(session, without=without, until=until, limit=limit)
    publications = {row.id: row for row in await publishing.publications_by_id(session, [row.subject for row in rows])}
    named = {row.id: row.name for row in await campaigns.list_campaigns(session)}
    return [_due(row, publications, named) for row in rows]


def _due(row: TimelineEntry, publications: Mapping[str, Publication], campaigns_named: Mapping[str, str]) -> DueRead:
    kind = _KINDS.get(row.kind, DueKind.OTHER)
    publication = publications.get(row.subject)
    title = publication.post.title or "Without a title" if publication else ""
    campaign_id = row.subject if row.subject in campaigns_named else None
    return DueRead(
        id=row.id,
        at=row.due_at,
        kind=kind,
        what=_words(row, kind, title, campaigns_named.get(row.subject, "")),
        account=AccountBrief.model_validate(publication.account) if publication else None,
        post_id=publication.post_id if publication else None,
        publication_id=publication.id if publication else None,
        campaign_id=campaign_id,
    )


def _words(row: TimelineEntry, kind: DueKind, title: str, campaign: str) -> str:
    words = {
        DueKind.POST: title,
        DueKind.LOOK_AHEAD: f"Look ahead at {title}",
        DueKind.CHECKBACK: f"Reading after {row.data.get('age', '?')} of {title}",
        DueKind.TWEET: f"The next tweet of {campaign}",
        DueKind.WAKE: "Wake up",
        DueKind.WEBHOOK: "A webhook is tried again",
        DueKind.RENEWAL: "An account's login is renewed",
    }
    return words.get(kind, row.kind)
