"""Commands about accounts: where posts go."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.errors import InvalidInputError
from mediaposter.publishing import service
from mediaposter.publishing.connecting import paste
from mediaposter.publishing.models import Account
from mediaposter.publishing.schemas import AccountRead, Profile

app = typer.Typer(help="Accounts: where posts go.", no_args_is_help=True)
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
                    f"paused: {account.paused_reason}" if account.paused_at else "ready",
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


@app.command("connect")
def connect(
    channel: Annotated[str, typer.Argument(help="The channel, as `GET /api/channels` names it.")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="name=value of a field; name=- reads it from standard input. Asked for when left out."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Connect every account that they reach.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect the accounts that credentials reach. What is secret is not shown and stored encrypted."""
    given = dict(_pair(one) for one in field or ())
    values = {name: sys.stdin.readline().strip() if value == "-" else value for name, value in given.items()}
    if sys.stdin.isatty():
        for one in paste.fields_of(channel):
            if one.name not in values:
                label = f"{one.label} ({one.hint})" if one.hint else one.label
                default = one.default or ("" if not one.required else None)
                values[one.name] = typer.prompt(label, default=default, hide_input=one.secret, show_default=False)

    async def run() -> list[AccountRead]:
        async with machine(command_settings()) as ctx:
            found = await paste.identify(channel, values)
            if len(found) > 1 and not everything:
                names = ", ".join(one.handle for one in found)
                raise InvalidInputError(
                    f"These credentials reach {len(found)} accounts: {names}.", fix="Connect them all with --all."
                )
            async with ctx.database.session() as session:
                return [AccountRead.of(await paste.keep(session, ctx, channel, one)) for one in found]

    connected = asyncio.run(run())

    def human() -> None:
        for one in connected:
            out.print(f"{one.channel}:{one.handle} is connected ({one.id}).")
        out.print("Next:  mediaposter accounts test")

    show([one.model_dump(mode="json") for one in connected], as_json=as_json, human=human)


@app.command("set")
def set_target(
    account_id: AccountId,
    values: Annotated[list[str], typer.Argument(help="name=value of the channel's target; name= takes it out.")],
    as_json: AsJson = False,
) -> None:
    """Set where and how an account posts: its board, its privacy, whatever its channel has."""
    pairs = dict(_pair(one) for one in values)
    _change(lambda session: paste.set_target(session, account_id, pairs), "set", as_json=as_json)


@app.command("test")
def check_accounts(
    select: Annotated[list[str] | None, typer.Argument(help="A group, an id, @handle or channel:handle.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a post would work now on each account. Ends with 1 when one would not."""

    async def run() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx:
            async with ctx.database.session() as session:
                accounts = await service.list_accounts(session, select or "all")
            return [
                {
                    "account_id": account.id,
                    "channel": account.channel,
                    "handle": account.handle,
                    "checks": [asdict(one) for one in await paste.check(ctx, account)],
                }
                for account in accounts
            ]

    found = asyncio.run(run())

    def human() -> None:
        for account in found:
            broken = [one for one in account["checks"] if not one["ok"]]
            out.print(f"{account['channel']}:{account['handle']}  {'would not work' if broken else 'ready'}")
            for one in account["checks"]:
                fix = f" {one['fix']}" if one["fix"] and not one["ok"] else ""
                out.print(f"  {'ok  ' if one['ok'] else 'no  '}{one['name']}: {one['says']}{fix}", soft_wrap=True)

    show(found, as_json=as_json, human=human)
    if any(not one["ok"] for account in found for one in account["checks"]):
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidInputError(f"{text!r} is not name=value.", fix="Write it like board_id=123.")
    return name.strip(), value


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
