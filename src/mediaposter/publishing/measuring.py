"""Reading what a platform counts of a public post, with credentials that are good now."""

from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError
from mediaposter.publishing.channel import ChannelAccount, Measurable, Metrics
from mediaposter.publishing.connecting import refreshing
from mediaposter.publishing.errors import ReconnectNeededError
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.registry import load_channel


class NotMeasurableError(ConflictError):
    """The platform tells nobody how a post does."""

    code = "NOT_MEASURABLE"
    title = "The channel has no counts"


async def measure(ctx: Context, publication: Publication) -> Metrics | None:
    """Return the counts of a publication loaded with its account; None when the platform says that it is gone.

    Raises NotMeasurableError where the channel has no counts or the post's id is not known, and the channel's errors.
    """
    channel = load_channel(publication.account.channel)
    if not isinstance(channel, Measurable):
        raise NotMeasurableError(
            f"{channel.title} tells nobody how a post does.", fix="Nothing: clicks on its tracked link are counted."
        )
    if publication.external_id is None:
        raise NotMeasurableError(
            "The platform's id of this post is not known, so its counts cannot be read.",
            fix="Nothing: a person said that it is public, and only its clicks are counted.",
        )
    refreshing.require_connection(publication.account)
    account = account_of(publication.account, ctx.secrets)
    if refreshing.is_due(publication.account, now=ctx.clock()):
        account = await refreshing.refresh_if_due(ctx, account.id) or account
    try:
        return await channel.measure(account, publication.external_id)
    except ReconnectNeededError:
        if not await refreshing.renewed_after_refusal(ctx, account):
            raise
    renewed: ChannelAccount = await refreshing.refresh_if_due(ctx, account.id) or account
    return await channel.measure(renewed, publication.external_id)
