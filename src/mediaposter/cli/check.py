"""`mediaposter check`: whether accounts would take a file, before anything is planned."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show
from mediaposter.core.settings import Settings
from mediaposter.media.facts import MediaFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe_async
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.materials import fitting_of
from mediaposter.publishing.preview import Checked
from mediaposter.publishing.validation import Validation, check_accounts, check_channels


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("check")(check)


def check(
    files: Annotated[list[Path], typer.Argument(help="Videos or pictures of one post, in their order.")],
    accounts: Annotated[
        list[str] | None,
        typer.Option(help="all, a group, an id, @handle or channel:handle; repeat it. Without --channel: all."),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Check against a channel's rules, without an account; repeat it.")
    ] = None,
    title: Annotated[str, typer.Option(help="The post's title.")] = "",
    text: Annotated[str, typer.Option(help="The post's words.")] = "",
    link: Annotated[str | None, typer.Option(help="A link that goes with it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say which rules a post would break on each account, how to mend it, and what is adapted by itself.

    The files are read where they are; nothing is copied, planned or sent. Ends with 1 when a rule is broken.
    """
    copy = Copy(title=title, description=text, link=link)
    settings = command_settings()
    selector = accounts or ([] if channel else ["all"])
    found = asyncio.run(_check(settings, files, selector, channel or [], copy))
    show(found, as_json=as_json, human=lambda: _print(found.accounts))
    if not found.ok:
        raise SystemExit(1)


async def _check(
    settings: Settings, files: Sequence[Path], selector: Sequence[str], channels: Sequence[str], copy: Copy
) -> Validation:
    limits = MediaLimits.of(settings)
    media: list[MediaFacts] = [await probe_async(file, limits) for file in files]
    found = check_channels(channels, copy, media, fitting_of(settings))
    if selector:
        async with machine(settings) as ctx, ctx.database.session() as session:
            found += await check_accounts(session, selector, copy, media)
    return Validation.of(found)


def _print(accounts: Sequence[Checked]) -> None:
    if not accounts:
        out.print("No accounts yet. Add one, or name a channel: mediaposter check FILE --channel site")
    for account in accounts:
        mark = Text("✓ ", "green") if account.ok else Text("✗ ", "red")
        name = f"{account.channel}:{account.handle}" if account.handle else account.channel
        says = "fits" if account.ok and not account.adapts else "fits, adapted" if account.ok else "would be refused"
        out.print(Text.assemble(mark, (name, "bold"), f"  {says}"), soft_wrap=True)
        for rule in account.broken:
            told = Text.assemble(("  ✗ ", "red"), f"{rule.field}: {rule.rule}, found {rule.found}. {rule.fix}")
            out.print(told, soft_wrap=True)
        for change in account.adapts:
            told = Text.assemble(("  → ", "yellow"), f"{change.field}: {change.found} becomes {change.becomes}")
            out.print(Text.assemble(told, (f"  ({change.rule})", "dim")), soft_wrap=True)
        if account.waits:
            out.print(Text.assemble(("  ○ ", "yellow"), account.waits), soft_wrap=True)
