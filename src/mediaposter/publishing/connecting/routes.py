"""Connecting accounts over HTTP: by OAuth, by pasting, and looking whether they are still good."""

from fastapi import APIRouter, status

from mediaposter.core import context
from mediaposter.publishing import account_checks, service
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.connecting import flows, keeping, paste, redirects, syncing
from mediaposter.publishing.connecting.schemas import (
    AccountTest,
    ConnectChannel,
    ConnectChoice,
    ConnectionRead,
    ConnectPaste,
    ConnectStart,
    ConnectStarted,
    SyncRead,
    SyncRequest,
    missing_setting,
)
from mediaposter.publishing.models import Connection
from mediaposter.publishing.registry import load_channels
from mediaposter.publishing.schemas import AccountRead

router = APIRouter(prefix="/api/accounts", tags=["connecting"])


def connect_channels() -> list[ConnectChannel]:
    """Return how each channel that has accounts to connect is connected."""
    settings = context.current().settings
    found: list[ConnectChannel] = []
    for channel in load_channels().values():
        if isinstance(channel, Connectable):
            uri = redirects.for_page(settings, channel.name)
            missing = missing_setting(channel, uri)
            found.append(ConnectChannel.of(channel, channel, redirect_uri=uri, missing=missing))
    return found


@router.get("/connect", summary="List how each channel is connected")
async def list_connect_channels() -> list[ConnectChannel]:
    """The fields to paste, or the app's redirect address and permissions."""
    return connect_channels()


@router.post("/connect/{channel}", status_code=status.HTTP_201_CREATED, summary="Begin to connect by OAuth")
async def start_connecting(channel: str, request: ConnectStart) -> ConnectStarted:
    """Answer the address that a person opens in a browser; the server's callback gets the browser back."""
    ctx = context.current()
    uri = redirects.for_page(ctx.settings, channel)
    return ConnectStarted.of(await flows.begin(ctx, channel, redirect_uri=uri, account_id=request.account_id))


@router.post("/connect/{channel}/paste", summary="Connect by what was copied from the platform")
async def paste_credentials(channel: str, request: ConnectPaste) -> ConnectionRead:
    """Connected at once when they reach one account; else choose among those found."""
    ctx = context.current()
    row = await flows.offer(ctx, channel, await paste.identify(channel, request.fields))
    return _read(row)


@router.get("/connections/{connection_id}", summary="Show how a connection stands")
async def show_connection(connection_id: str) -> ConnectionRead:
    """With the accounts to choose from where there are several."""
    async with context.current().database.session() as session:
        return _read(await flows.get(session, connection_id))


@router.post("/connections/{connection_id}/choose", summary="Choose among the accounts found")
async def choose_accounts(connection_id: str, request: ConnectChoice) -> list[AccountRead]:
    """Known ones keep their id and settings."""
    chosen = await flows.choose(context.current(), connection_id, request.external_ids)
    return [AccountRead.of(account) for account in chosen]


@router.post("/sync", summary="Look again at what stored keys reach")
async def sync_accounts(request: SyncRequest) -> SyncRead:
    """Updates names, marks those that are gone, offers new ones; `add` adds them. `dry_run` only tells."""
    ctx = context.current()
    async with ctx.database.session() as session:
        accounts = await service.list_accounts(session, request.select or "all", channel=request.channel)
    return SyncRead.of(await syncing.sync(ctx, accounts, add=request.add, dry_run=request.dry_run))


@router.post("/{account_id}/test", summary="Say whether a post would work now")
async def test_account(account_id: str) -> AccountTest:
    """Token, permissions, quota, media reachability, target. Nothing is posted."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await service.get_account(session, account_id)
    return AccountTest.of(account, await account_checks.check(ctx, account))


@router.post("/{account_id}/disconnect", summary="Forget an account's credentials")
async def disconnect_account(account_id: str) -> AccountRead:
    """Its settings and its ledger stay."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return AccountRead.of(await keeping.disconnect(session, ctx, account_id))


def _read(row: Connection) -> ConnectionRead:
    return ConnectionRead.of(row, flows.identities_of(context.current(), row))
