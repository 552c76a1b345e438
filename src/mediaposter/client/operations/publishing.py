"""The operations of publishing. Written by `make docs` from the routes; do not edit."""

from pydantic.types import AwareDatetime

from mediaposter.client.calls import Call
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.preview import Preview
from mediaposter.publishing.schemas import (
    AccountCreate,
    AccountRead,
    AccountUpdate,
    Answer,
    ChannelRead,
    Move,
    PostCount,
    PostCreate,
    PostRead,
    PublicationCreate,
    PublicationDetail,
    PublicationRead,
    PublishingRead,
    PublishingStop,
)
from mediaposter.publishing.usage import AccountUsage
from mediaposter.publishing.validation import ValidateRequest, Validation


def list_channels() -> Call[list[ChannelRead]]:
    """List the channels with their rules.

    Rules are data: lengths, durations, sizes, links, and where each figure is from.
    """
    return Call("GET", "/api/channels", list[ChannelRead])


def show_channel(name: str) -> Call[ChannelRead]:
    """Show one channel's rules.

    Answer 404 when no installed channel has this name.
    """
    return Call("GET", "/api/channels/{name}", ChannelRead, values={"name": name})


def create_account(body: AccountCreate) -> Call[AccountRead]:
    """Add an account.

    Credentials are encrypted before they are stored and never shown again.
    """
    return Call("POST", "/api/accounts", AccountRead, body=body)


def list_accounts(
    *, select: list[str] | None = None, channel: str | None = None, archived: bool = False
) -> Call[list[AccountRead]]:
    """List the accounts.

    Oldest first.

    - `select`: all, a group, an id, @handle or channel:handle; may be repeated.
    """
    return Call(
        "GET", "/api/accounts", list[AccountRead], query={"select": select, "channel": channel, "archived": archived}
    )


def show_usage() -> Call[list[AccountUsage]]:
    """Say what is left of the accounts' limits and budgets.

    Of all accounts in use, and how each stands.
    """
    return Call("GET", "/api/accounts/usage", list[AccountUsage])


def show_account(account_id: str) -> Call[AccountRead]:
    """Show one account.

    Return the account.
    """
    return Call("GET", "/api/accounts/{account_id}", AccountRead, values={"account_id": account_id})


def update_account(account_id: str, body: AccountUpdate) -> Call[AccountRead]:
    """Change an account, pause it, let it go on.

    `paused` true throws the kill switch: nothing more is sent there; false starts what waited.
    """
    return Call("PATCH", "/api/accounts/{account_id}", AccountRead, values={"account_id": account_id}, body=body)


def archive_account(account_id: str) -> Call[AccountRead]:
    """Take an account out of use.

    Its publications stay in the ledger; what was not sent is cancelled.
    """
    return Call("DELETE", "/api/accounts/{account_id}", AccountRead, values={"account_id": account_id})


def create_post(body: PostCreate) -> Call[PostRead]:
    """Make a post of an asset.

    Nothing is published by that: plan publications of it.
    """
    return Call("POST", "/api/posts", PostRead, body=body)


def validate_post(body: ValidateRequest) -> Call[Validation]:
    """Say which rules a post would break on each account.

    With the mend of each, and what is adapted by itself. Nothing is planned or sent.
    """
    return Call("POST", "/api/posts/validate", Validation, body=body)


def list_posts(
    *,
    limit: int = 50,
    before: str | None = None,
    text: str | None = None,
    channel: str | None = None,
    account: str | None = None,
    run: str | None = None,
    outcome: list[Outcome] | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Call[list[PostRead]]:
    """List the posts, newest first.

    Those that a filter finds, each with all of its publications.

    - `before`: The id of the last item of the page before.
    - `text`: In the title, description or hashtags.
    - `account`: The id of an account.
    - `run`: The id of a run.
    - `outcome`: Of one of its publications.
    - `since`: One went or goes out then or later ...
    - `until`: ... and before this.
    """
    return Call(
        "GET",
        "/api/posts",
        list[PostRead],
        query={
            "limit": limit,
            "before": before,
            "text": text,
            "channel": channel,
            "account": account,
            "run": run,
            "outcome": outcome,
            "since": since,
            "until": until,
        },
    )


def count_posts(
    *,
    text: str | None = None,
    channel: str | None = None,
    account: str | None = None,
    run: str | None = None,
    outcome: list[Outcome] | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Call[PostCount]:
    """Count the posts that a filter finds.

    And how many of their publications have which outcome.

    - `text`: In the title, description or hashtags.
    - `account`: The id of an account.
    - `run`: The id of a run.
    - `outcome`: Of one of its publications.
    - `since`: One went or goes out then or later ...
    - `until`: ... and before this.
    """
    return Call(
        "GET",
        "/api/posts/count",
        PostCount,
        query={
            "text": text,
            "channel": channel,
            "account": account,
            "run": run,
            "outcome": outcome,
            "since": since,
            "until": until,
        },
    )


def show_post(post_id: str) -> Call[PostRead]:
    """Show one post.

    With its publications.
    """
    return Call("GET", "/api/posts/{post_id}", PostRead, values={"post_id": post_id})


def plan_publication(body: PublicationCreate) -> Call[PublicationRead]:
    """Plan a post on an account.

    A post is planned on an account once; a repeat answers with the row that is there.
    """
    return Call("POST", "/api/publications", PublicationRead, body=body)


def list_publications(
    *,
    run_id: str | None = None,
    post_id: str | None = None,
    account_id: str | None = None,
    outcome: list[Outcome] | None = None,
    parts: bool = False,
    limit: int = 50,
    before: str | None = None,
) -> Call[list[PublicationRead]]:
    """List the ledger, newest first.

    Each with its verdict and what to do.

    - `outcome`: Only these outcomes.
    - `parts`: Also the parts of threads and first comments.
    - `before`: The id of the last item of the page before.
    """
    return Call(
        "GET",
        "/api/publications",
        list[PublicationRead],
        query={
            "run_id": run_id,
            "post_id": post_id,
            "account_id": account_id,
            "outcome": outcome,
            "parts": parts,
            "limit": limit,
            "before": before,
        },
    )


def show_publication(publication_id: str) -> Call[PublicationDetail]:
    """Explain one publication.

    Every attempt, what was asked and answered, the verdict, and what to do.
    """
    return Call(
        "GET", "/api/publications/{publication_id}", PublicationDetail, values={"publication_id": publication_id}
    )


def preview_publication(publication_id: str) -> Call[Preview]:
    """Show what would be sent.

    With every rule that is broken. Nothing is sent.
    """
    return Call("GET", "/api/publications/{publication_id}/preview", Preview, values={"publication_id": publication_id})


def start_publication(publication_id: str) -> Call[PublicationRead]:
    """Send a planned publication now.

    It goes on from wherever it stands; nothing is ever sent twice.
    """
    return Call(
        "POST", "/api/publications/{publication_id}/publish", PublicationRead, values={"publication_id": publication_id}
    )


def move_publication(publication_id: str, body: Move) -> Call[PublicationRead]:
    """Move a planned publication to another moment.

    Answer 409 once it is sent, or while it is being made ready.
    """
    return Call(
        "PUT",
        "/api/publications/{publication_id}/due",
        PublicationRead,
        values={"publication_id": publication_id},
        body=body,
    )


def cancel_publication(publication_id: str) -> Call[PublicationRead]:
    """Take back a publication that was not sent.

    Answer 409 once it was armed.
    """
    return Call(
        "POST", "/api/publications/{publication_id}/cancel", PublicationRead, values={"publication_id": publication_id}
    )


def retry_publication(publication_id: str, *, allow_repeat: bool = False) -> Call[PublicationRead]:
    """Send a refused publication again.

    As a new attempt. Only a rejected one: what may be public is never sent again.

    - `allow_repeat`: It may show what the account has shown before.
    """
    return Call(
        "POST",
        "/api/publications/{publication_id}/retry",
        PublicationRead,
        values={"publication_id": publication_id},
        query={"allow_repeat": allow_repeat},
    )


def answer_publication(publication_id: str, body: Answer) -> Call[PublicationRead]:
    """Say whether an unknown publication is public.

    For an account that no machine can read: somebody looked.
    """
    return Call(
        "POST",
        "/api/publications/{publication_id}/answer",
        PublicationRead,
        values={"publication_id": publication_id},
        body=body,
    )


def show_publishing() -> Call[PublishingRead]:
    """Say whether publishing is on.

    Off means that nothing is sent on any account.
    """
    return Call("GET", "/api/publishing", PublishingRead)


def stop_publishing(body: PublishingStop) -> Call[PublishingRead]:
    """Stop every account at once.

    Nothing more is sent anywhere until it is resumed. What went out stays, and is watched on.
    """
    return Call("POST", "/api/publishing/stop", PublishingRead, body=body)


def resume_publishing() -> Call[PublishingRead]:
    """Let every account publish again.

    Starts what waited. Accounts that are paused by themselves stay so.
    """
    return Call("POST", "/api/publishing/resume", PublishingRead)
