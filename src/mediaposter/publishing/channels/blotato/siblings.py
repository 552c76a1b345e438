"""What else of a key may be public with the same words: Blotato's list of posts does not tell accounts apart."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mediaposter.core import context
from mediaposter.publishing import repository
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.channels.blotato.api import owner_of
from mediaposter.publishing.channels.blotato.rules import rules_of_platform
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.rules import caption

_WORKED_ON = timedelta(hours=4)  # that an earlier post may still come out after the arming of this one


@dataclass(frozen=True)
class Sibling:
    """A post of the same key on the same platform with the same words. `settled` when it is surely public."""

    username: str
    url: str | None
    external_id: str | None
    settled: bool


async def siblings_of(outgoing: Outgoing, words: str) -> Sequence[Sibling]:
    """Return the other publications that one of the listed posts with these words could be."""
    ctx = context.current()
    platform, owner = outgoing.target.get("platform"), owner_of(outgoing.account.credentials)
    since = (outgoing.armed_at or ctx.clock()) - _WORKED_ON
    found: list[Sibling] = []
    keys: dict[str, bool] = {}

    def same_key(account: Account) -> bool:
        if account.id not in keys:
            sealed = account.sealed_credentials
            keys[account.id] = sealed is not None and owner_of(json.loads(ctx.secrets.open(sealed))) == owner
        return keys[account.id]

    async with ctx.database.session() as session:
        rows = await repository.maybe_public_on(session, outgoing.account.channel, but=outgoing.id, since=since)
        for row in rows:
            copy = Copy.model_validate(row.copy)
            target = {**row.account.target, **copy.target}
            if row.kind is not Kind.POST or target.get("platform") != platform or not same_key(row.account):
                continue
            theirs = caption(copy, rules_of_platform(platform, posts_a_minute=1).text)
            if same_text(theirs, words) or theirs.strip() == words.strip():
                settled = row.outcome is Outcome.CONFIRMED
                found.append(Sibling(username_of(row.account.handle), row.url, row.external_id, settled))
    return found


def username_of(handle: str) -> str:
    """Return the name on the platform of an account that is called `platform.name` here."""
    return handle.partition(".")[2] or handle
