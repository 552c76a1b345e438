"""A publication as its row and as its channel sees it."""

import json

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import NotFoundError
from mediaposter.core.secrets import SecretBox
from mediaposter.publishing import repository
from mediaposter.publishing.channel import ChannelAccount, Outgoing, Prepared, Under
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account, Kind, Publication


async def load_row(session: AsyncSession, publication_id: str) -> Publication:
    """Return the publication, locked until the transaction ends. Raises NotFoundError."""
    row = await repository.get_publication(session, publication_id, lock=True, attempts=False)
    if row is None:
        raise NotFoundError(f"There is no publication {publication_id}.")
    return row


def outgoing_of(row: Publication, secrets: SecretBox, *, taken: frozenset[str] = frozenset()) -> Outgoing:
    """Return what a channel gets to see of a row that was loaded with its account, post and parents."""
    return Outgoing(
        id=row.id,
        post_id=row.post_id,
        account=account_of(row.account, secrets),
        asset_ids=tuple(row.post.asset_ids) if row.kind is Kind.POST else (),
        copy=Copy.model_validate(row.copy),
        link_label=row.link_label,
        attempt=row.attempt,
        armed_at=row.armed_at,
        kind=row.kind,
        under=_under(row),
        generated=row.post.generated,
        prepared=Prepared.model_validate_json(secrets.open(row.sealed_prepared)) if row.sealed_prepared else None,
        taken=taken,
    )


def account_of(account: Account, secrets: SecretBox) -> ChannelAccount:
    """Return an account with its credentials decrypted, as its channel gets it."""
    sealed = account.sealed_credentials
    return ChannelAccount(
        id=account.id,
        channel=account.channel,
        external_id=account.external_id,
        handle=account.handle,
        name=account.name,
        credentials=json.loads(secrets.open(sealed)) if sealed else {},
        target=account.target,
    )


def _under(row: Publication) -> Under | None:
    above = row.parent
    if above is None or above.external_id is None:
        return None
    root = above
    while root.parent is not None:
        root = root.parent
    return Under(
        external_id=above.external_id,
        root_id=root.external_id or above.external_id,
        answer=(above.handle or {}).get("answer", {}),
        root_answer=(root.handle or {}).get("answer", {}),
    )
