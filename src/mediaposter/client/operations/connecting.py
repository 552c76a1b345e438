"""The operations of connecting. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
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
)
from mediaposter.publishing.schemas import AccountRead


def list_connect_channels() -> Call[list[ConnectChannel]]:
    """List how each channel is connected.

    The fields to paste, or the app's redirect address and permissions.
    """
    return Call("GET", "/api/accounts/connect", list[ConnectChannel])


def start_connecting(channel: str, body: ConnectStart) -> Call[ConnectStarted]:
    """Begin to connect by OAuth.

    Answer the address that a person opens in a browser; the server's callback gets the browser back.
    """
    return Call("POST", "/api/accounts/connect/{channel}", ConnectStarted, values={"channel": channel}, body=body)


def paste_credentials(channel: str, body: ConnectPaste) -> Call[ConnectionRead]:
    """Connect by what was copied from the platform.

    Connected at once when they reach one account; else choose among those found.
    """
    return Call("POST", "/api/accounts/connect/{channel}/paste", ConnectionRead, values={"channel": channel}, body=body)


def show_connection(connection_id: str) -> Call[ConnectionRead]:
    """Show how a connection stands.

    With the accounts to choose from where there are several.
    """
    return Call(
        "GET", "/api/accounts/connections/{connection_id}", ConnectionRead, values={"connection_id": connection_id}
    )


def choose_accounts(connection_id: str, body: ConnectChoice) -> Call[list[AccountRead]]:
    """Choose among the accounts found.

    Known ones keep their id and settings.
    """
    return Call(
        "POST",
        "/api/accounts/connections/{connection_id}/choose",
        list[AccountRead],
        values={"connection_id": connection_id},
        body=body,
    )


def sync_accounts(body: SyncRequest) -> Call[SyncRead]:
    """Look again at what stored keys reach.

    Updates names, marks those that are gone, offers new ones; `add` adds them. `dry_run` only tells.
    """
    return Call("POST", "/api/accounts/sync", SyncRead, body=body)


def test_account(account_id: str) -> Call[AccountTest]:
    """Say whether a post would work now.

    Token, permissions, quota, media reachability, target. Nothing is posted.
    """
    return Call("POST", "/api/accounts/{account_id}/test", AccountTest, values={"account_id": account_id})


def disconnect_account(account_id: str) -> Call[AccountRead]:
    """Forget an account's credentials.

    Its settings and its ledger stay.
    """
    return Call("POST", "/api/accounts/{account_id}/disconnect", AccountRead, values={"account_id": account_id})
