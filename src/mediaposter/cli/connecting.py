"""Commands that connect accounts, look whether they are still good, and let them go."""

import asyncio
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import err, out, show
from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotFoundError
from mediaposter.publishing import account_checks, service
from mediaposter.publishing.connecting import flows, keeping, loopback, paste, redirects, syncing
from mediaposter.publishing.connecting.errors import ConnectError
from mediaposter.publishing.connection import Identity, OAuth
from mediaposter.publishing.models import Account, Connection
from mediaposter.publishing.registry import load_channels
from mediaposter.publishing.schemas import AccountRead

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
_LOOK_EVERY = 0.5  # seconds, where the server gets the browser back


def connect(
    channel: Annotated[str, typer.Argument(help="The channel, as `GET /api/channels` names it.")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="name=value of a field to paste; name=- reads it from standard input. Asked when left out."),
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Which to connect where there are several: a handle or an id; repeat it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Connect every account that is reached.")] = False,
    pasting: Annotated[bool, typer.Option("--paste", help="Paste tokens instead of opening the platform.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address to open.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect accounts: by the platform's own page, or by what it lets one copy. Secrets are stored encrypted.

    One that is connected already keeps its id and settings, and what waited for the connection is sent.
    """
    by_oauth = isinstance(paste.connectable(channel).connect, OAuth) and not field and not pasting
    values = {} if by_oauth else _values(channel, field or ())
    may_ask = sys.stdin.isatty() and not as_json

    async def run() -> list[AccountRead]:
        async with machine(command_settings()) as ctx:
            if by_oauth:
                row = await _by_browser(ctx, channel, open_it=not no_browser)
            else:
                row = await flows.offer(ctx, channel, await paste.identify(channel, values))
            if row.sealed_found is not None:
                found = flows.identities_of(ctx, row)
                chosen = None if everything else _chosen(found, account or (), may_ask=may_ask)
                return [AccountRead.of(one) for one in await flows.choose(ctx, row.id, chosen)]
            kept: list[str] = (row.result or {}).get("accounts", [])
            async with ctx.database.session() as session:
                return [AccountRead.of(await service.get_account(session, one)) for one in kept]

    connected = asyncio.run(run())

    def human() -> None:
        for one in connected:
            out.print(f"{one.channel}:{one.handle} is connected ({one.id}).")
        out.print("Next:  mediaposter accounts test")

    show([one.model_dump(mode="json") for one in connected], as_json=as_json, human=human)


async def _by_browser(ctx: Context, channel: str, *, open_it: bool) -> Connection:
    """Send a person to the platform and return the flow when the browser has come back."""
    redirect = redirects.for_command(ctx.settings, channel)
    seconds = flows.PENDING.total_seconds()
    if redirect.port is None:  # the server gets it
        begun = await flows.begin(ctx, channel, redirect_uri=redirect.uri)
        _tell(begun, open_it=open_it)
        return await _come_back(ctx, begun.id, seconds)
    async with loopback.listening(redirect.port, f"/connect/{channel}/callback") as returned:
        begun = await flows.begin(ctx, channel, redirect_uri=redirect.uri)
        _tell(begun, open_it=open_it)
        told = await returned.wait(seconds)
        return await flows.receive(ctx, channel, told)


async def _come_back(ctx: Context, connection_id: str, seconds: float) -> Connection:
    for _ in range(int(seconds / _LOOK_EVERY)):
        async with ctx.database.session() as session:
            row = await flows.get(session, connection_id)
        if row.problem is not None:
            raise ConnectError(str(row.problem["detail"]), fix=str(row.problem["fix"]))
        if row.result is not None or row.sealed_found is not None:
            return row
        await asyncio.sleep(_LOOK_EVERY)
    raise ConnectError("Nobody came back from the platform in time.", fix="Is `mediaposter up` running? Start again.")


def _tell(begun: flows.Begun, *, open_it: bool) -> None:
    if open_it and webbrowser.open(begun.url):
        err.print("The platform's page is open in your browser. If it is not, open this address:")
    else:
        err.print("Open this address in a browser on this machine:")
    err.print(begun.url, soft_wrap=True, markup=False)


def _chosen(found: Sequence[Identity], named: Sequence[str], *, may_ask: bool) -> list[str]:
    """Return the external ids of those that were named, or that a person chooses."""
    if not found:
        raise NotFoundError("These credentials reach no account.", fix="Make one at the platform, then try again.")
    if not named and may_ask:
        for number, one in enumerate(found, 1):
            err.print(f"  {number}  {one.handle}  {one.name}", markup=False)
        answer = str(typer.prompt("Which? Numbers with spaces between, or all", default="all", err=True))
        if answer.strip().lower() == "all":
            return [one.external_id for one in found]
        numbers = answer.replace(",", " ").split()
        named = [found[int(n) - 1].external_id for n in numbers if n.isdigit() and 0 < int(n) <= len(found)]
    names = ", ".join(one.handle for one in found)
    if not named:
        raise InvalidInputError(
            f"These credentials reach {len(found)} accounts: {names}.",
            fix="Connect them all with --all, or some with --account NAME.",
        )
    by_name = {word.lower(): one.external_id for one in found for word in (one.name, one.handle, one.external_id)}
    wanted = {name: by_name.get(name.lower().removeprefix("@")) for name in named}
    if unknown := [name for name, external_id in wanted.items() if external_id is None]:
        raise NotFoundError(f"Not among them: {', '.join(unknown)}.", fix=f"Choose from: {names}.")
    return [external_id for external_id in wanted.values() if external_id is not None]


def _values(channel: str, given: Sequence[str]) -> Mapping[str, str]:
    pairs = dict(pair(one) for one in given)
    values = {name: sys.stdin.readline().strip() if value == "-" else value for name, value in pairs.items()}
    if sys.stdin.isatty():
        for one in paste.fields_of(channel):
            if one.name not in values:
                label = f"{one.label} ({one.hint})" if one.hint else one.label
                default = one.default or ("" if not one.required else None)
                values[one.name] = typer.prompt(label, default=default, hide_input=one.secret, show_default=False)
    return values


def disconnect(
    account_id: Annotated[str, typer.Argument(help="The id of an account, as `accounts list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Forget an account's credentials. Its settings and its ledger stay; connect it again to go on."""

    async def run() -> AccountRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return AccountRead.of(await keeping.disconnect(session, ctx, account_id))

    account = asyncio.run(run())

    def human() -> None:
        out.print(f"{account.channel}:{account.handle} is disconnected ({account.id}).")
        out.print("Take the permission back at the platform too: there it may still be listed.")

    show(account, as_json=as_json, human=human)


def sync(
    select: Annotated[
        list[str] | None, typer.Argument(help="A channel, a group, an id, @handle or channel:handle; all without.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Add every new account that is reached.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look again at what stored keys and logins reach: update names, mark those that are gone, tell what is new."""

    async def run() -> syncing.Synced:
        async with machine(command_settings()) as ctx:
            return await syncing.sync(ctx, await _named(ctx, select or ()), add=everything, dry_run=dry_run)

    done = asyncio.run(run())

    def human() -> None:
        would = "would be " if dry_run else ""
        for found, word in ((done.added, "added"), (done.updated, "updated"), (done.vanished, "marked: not reached")):
            for one in found:
                changed = f": {', '.join(one.changed)}" if one.changed else ""
                out.print(f"{one.channel}:{one.handle} {would}{word}{changed}", markup=False)
        for one in done.offered:
            add = f"--all adds it, or mediaposter accounts connect {one.channel} --account '{one.handle}'"
            out.print(f"{one.channel}:{one.handle} is new: {add}", soft_wrap=True, markup=False)
        for one in done.problems:
            out.print(f"{one['channel']}:{one['handle']} {one['detail']} {one['fix']}", soft_wrap=True, markup=False)
        out.print(f"{done.unchanged} as they were.")

    show(asdict(done), as_json=as_json, human=human)
    if done.problems:
        raise typer.Exit(1)


def check_accounts(
    select: Annotated[list[str] | None, typer.Argument(help="A group, an id, @handle or channel:handle.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All accounts, as without a name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a post would work now: token, permissions, quota, media. Ends with 1 when one would not."""

    async def run() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx:
            accounts = await _named(ctx, () if everything else select or ())
            return [await _tested(ctx, one) for one in accounts]

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


async def _tested(ctx: Context, account: Account) -> dict[str, Any]:
    checks = await account_checks.check(ctx, account)
    told = {"account_id": account.id, "channel": account.channel, "handle": account.handle}
    return {**told, "checks": [asdict(one) for one in checks]}


async def _named(ctx: Context, words: Sequence[str]) -> list[Account]:
    """Return the accounts that the words name; a channel names all of its accounts."""
    channels = [word for word in words if word in load_channels()]
    others = [word for word in words if word not in channels]
    async with ctx.database.session() as session:
        found = await service.list_accounts(session, others) if others or not words else []
        if not words:
            found = await service.list_accounts(session)
        for name in channels:
            found += [one for one in await service.list_accounts(session, channel=name) if one not in found]
    return found


def pair(text: str) -> tuple[str, str]:
    """Read name=value. Raises InvalidInputError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidInputError(f"{text!r} is not name=value.", fix="Write it like board_id=123.")
    return name.strip(), value
