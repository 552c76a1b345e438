"""Driving a publication without the engine: the same turns that the durable workflow takes, and processes that die."""

import asyncio

from mediaposter.core.context import Context
from mediaposter.publishing import sending, service, settling
from mediaposter.publishing.channel import Channel, Handle, Outgoing, Prepared
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.turns import Move


class Killed(BaseException):
    """The process died here."""


async def drive(ctx: Context, publication_id: str, *, owner: str = "w1", may_send: bool = True) -> Outcome:
    """Take the turns of a publication until its workflow would end, and return its outcome."""
    turn = await sending.begin(ctx, publication_id, owner=owner)
    while turn.move is not Move.STOP:
        if turn.move in (Move.PREPARE, Move.COMMIT) and not may_send:
            break
        await asyncio.sleep(turn.wait)
        match turn.move:
            case Move.PREPARE:
                turn = await sending.prepare(ctx, publication_id, turn)
            case Move.COMMIT:
                turn = await sending.commit(ctx, publication_id, turn, owner=owner)
            case Move.CONFIRM:
                turn = await settling.confirm(ctx, publication_id, turn)
            case _:
                turn = await settling.settle(ctx, publication_id, turn)
    return turn.outcome


async def plan(
    ctx: Context, account: Account, asset_id: str, *, text: str = "One small thing.", **values: object
) -> str:
    """Plan a post with this text on the account and return the publication's id."""
    async with ctx.database.session() as session:
        post = await service.create_post(session, asset_ids=[asset_id] if asset_id else [], title="A post")
        copy = Copy(title="A small thing", description=text, hashtags=("small",))
        publication = await service.plan_publication(
            session,
            post_id=post.id,
            account_id=account.id,
            copy=copy,
            **values,  # type: ignore[arg-type]
        )
    return publication.id


async def read(ctx: Context, publication_id: str) -> Publication:
    async with ctx.database.session() as session:
        return await service.get_publication(session, publication_id)


class Mortal:
    """A channel whose process dies at a moment of `commit`: `before` the call or `after` it, the first time."""

    def __init__(self, channel: Channel, moment: str) -> None:
        self._channel = channel
        self._moment: str | None = moment
        self.name = channel.name
        self.title = channel.title
        self.rules = channel.rules
        self.timing = channel.timing
        self.prepare = channel.prepare
        self.confirm = channel.confirm
        self.find = channel.find

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        moment, self._moment = self._moment, None
        if moment == "before":
            raise Killed
        handle = await self._channel.commit(outgoing, prepared)
        if moment == "after":
            raise Killed
        return handle
