"""A publication as its row and as its channel sees it."""

import json

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import NotFoundError
from mediaposter.core.secrets import SecretBox
from mediaposter.publishing import repository
from mediaposter.publishing.channel import ChannelAccount, Outgoing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication


async def load_row(session: AsyncSession, publication_id: str) -> Publication:
    """Return the publication, locked until the transaction ends. Raises NotFoundError."""
    row = await repository.get_publication(session, publication_id, lock=True)
    if row is None:
        raise NotFoundError(f"There is no publication {publication_id}.")
    return row


def outgoing_of(row: Publication, secrets: SecretBox) -> Outgoing:
    """Return what a channel gets to see of a row that was loaded with its account and post."""
    account = row.account
    sealed = account.sealed_credentials
    return Outgoing(
        id=row.id,
        post_id=row.post_id,
        account=ChannelAccount(
            id=account.id,
            channel=account.channel,
            external_id=account.external_id,
            handle=account.handle,
            name=account.name,
            credentials=json.loads(secrets.open(sealed)) if sealed else {},
        ),
        asset_id=row.post.asset_id,
        copy=Copy.model_validate(row.copy),
        link_label=row.link_label,
        attempt=row.attempt,
        armed_at=row.armed_at,
    )
