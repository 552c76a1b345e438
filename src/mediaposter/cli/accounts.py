"""Commands about accounts: where posts go."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli import connecting
from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.publishing import account_settings, service
from mediaposter.publishing.models import Account
from mediaposter.publishing.schemas import AccountRead, Profile

app = typer.Typer(help="Accounts: where posts go.", no_args_is_help=True)
app.command("connect")(connecting.connect)
app.command("disconnect")(connecting.disconnect)
app.command("sync")(connecting.sync)
app.command("test")(connecting.check_accounts)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
AccountId = Annotated[str, typer.Argument(help="The id of an account, as `accounts list` shows it.")]


@app.command("add")
def add(
    handle: Annotated[str, typer.Argument(help="The account's handle.")],
    channel: Annotated[str, typer.Option(help="The channel it is on.")] = "site",
    name: Annotated[str | None, typer.Option(help="The name people see.")] = None,
    bio: Annotated[str, typer.Option(help="A few words for its home page.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="A group to name it by; repeat it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an account."""
    _change(
        lambda session: service.create_account(
            session, channel=channel, handle=handle, name=name, groups=group or (), profile=Profile(bio=bio)
        ),
        "added",
        as_json=as_json,
    )


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the accounts."""

    async def read() -> list[AccountRead]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return [AccountRead.of(account) for account in await service.list_accounts(session)]

    found = asyncio.run(read())

    def human() -> None:
        if not found:
            out.print("No accounts yet. Add one: mediaposter accounts add garden --name 'The garden'")
            return
        print_table(
            ("account", "channel", "handle", "name", "groups", "state"),
            (
                (
                    account.id,
                    account.channel,
                    f"@{account.handle}",
                    account.name,
                    ", ".join(account.groups),
                    _state(account),
                )
                for account in found
            ),
        )

    show([account.model_dump(mode="json") for account in found], as_json=as_json, human=human)


@app.command("pause")
def pause(
    account_id: AccountId, reason: Annotated[str, typer.Option(help="Why.")] = "", as_json: AsJson = False
) -> None:
    """Send nothing more to an account until it is resumed."""
    _change(lambda session: service.pause_account(session, account_id, reason=reason), "paused", as_json=as_json)


@app.command("resume")
def resume(account_id: AccountId, as_json: AsJson = False) -> None:
    """Let an account publish again."""
    _change(lambda session: service.resume_account(session, account_id), "resumed", as_json=as_json)


@app.command("set")
def set_target(
    account_id: AccountId,
    values: Annotated[list[str], typer.Argument(help="name=value; name= takes it out. See the guide for the names.")],
    as_json: AsJson = False,
) -> None:
    """Set where and how an account posts (its board, its privacy), and its limits: burst.posts, budget.micros."""
    pairs = dict(connecting.pair(one) for one in values)
    _change(lambda session: account_settings.set_values(session, account_id, pairs), "set", as_json=as_json)


def _state(account: AccountRead) -> str:
    if account.paused_at:
        return f"paused: {account.paused_reason}"
    return f"{account.problem['detail']} {account.problem['fix']}".strip() if account.problem else "ready"


def _change(change: Callable[[AsyncSession], Awaitable[Account]], done: str, *, as_json: bool) -> None:
    async def run() -> AccountRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return AccountRead.of(await change(session))

    account = asyncio.run(run())
    show(
        account,
        as_json=as_json,
        human=lambda: out.print(f"{account.channel}:{account.handle} is {done} ({account.id})."),
    )
