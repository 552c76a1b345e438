"""`mediaposter doctor`: what is configured, what is not, and what to do about each."""

import asyncio
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text
from sqlalchemy import text

from mediaposter.browser import opening
from mediaposter.cli.doctor_safari import examine_browser
from mediaposter.cli.faults import explain
from mediaposter.cli.findings import Finding, State
from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show
from mediaposter.core import power
from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, MediaPosterError, NotConfiguredError
from mediaposter.core.models import PowerMode
from mediaposter.core.runtime import live_workers
from mediaposter.core.secrets import new_key
from mediaposter.core.settings import Settings
from mediaposter.generation.provider import load_provider, provider_names
from mediaposter.media import ffmpeg
from mediaposter.models import embedding
from mediaposter.models.images import image_model
from mediaposter.models.language import language_model
from mediaposter.models.listing import Listed, checks_of
from mediaposter.models.transcription import transcriber
from mediaposter.models.voice import voice
from mediaposter.publishing import service as publishing
from mediaposter.publishing.registry import load_channels

_MARKS: dict[State, tuple[str, str]] = {"ok": ("✓", "green"), "off": ("○", "yellow"), "broken": ("✗", "red")}
_LEAST_FREE = 5 * 1024**3  # bytes; a run of three parts leaves some hundred megabytes


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("doctor")(doctor)
    app.command("secret-key")(secret_key)


def doctor(
    part: Annotated[
        str, typer.Argument(help="`safari` looks at the browser that is driven; else: at everything.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    report: Annotated[bool, typer.Option("--report", help="The same as --json: to be shown to others.")] = False,
) -> None:
    """Say what is configured, what is not, and what to do about each."""
    if part not in _PARTS:
        raise InvalidInputError(
            f"There is no part {part!r} to look at.", fix="Leave it out, or write: mediaposter doctor safari"
        )
    findings = asyncio.run(_PARTS[part](command_settings()))
    broken = any(finding.state == "broken" for finding in findings)
    show(
        {"healthy": not broken, "findings": [asdict(finding) for finding in findings]},
        as_json=as_json or report,
        human=lambda: _print(findings),
    )
    if broken:
        raise SystemExit(1)


def secret_key(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Make a key for MEDIAPOSTER_SECRET_KEY. Nothing is stored."""
    key = new_key()
    show({"secret_key": key}, as_json=as_json, human=lambda: out.print(key))


async def examine(settings: Settings) -> list[Finding]:
    """Look at every part and return what was found. Never raises: a part that fails is a finding."""
    findings = [
        Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        _disk(settings),
        await _attempt("ffmpeg", _ffmpeg),
    ]
    try:
        async with machine(settings) as ctx:
            findings += [await _attempt(part, check, ctx) for part, check in _CHECKS_OF_DATABASE]
            findings += [await _attempt(f"provider {name}", _provider, ctx, name) for name in provider_names()]
    except Exception as error:
        fault = explain(error)
        findings.append(Finding(_part_of(fault), "broken", fault.detail, fault.fix))
    asks = checks_of(settings)
    findings += [
        *[await _model_of(part, find, asks.get(part)) for part, find in _models(settings)],
        _model("sentence embeddings", lambda: embedding.load_embedder() and "MiniLM"),
        _browser(settings),
        Finding("channels", "ok", ", ".join(load_channels())),
        _public_url(settings),
    ]
    return findings


_PARTS: dict[str, Callable[[Settings], Coroutine[None, None, list[Finding]]]] = {"": examine, "safari": examine_browser}


def _browser(settings: Settings) -> Finding:
    lacking = opening.missing(settings)
    if lacking is not None:
        return Finding("browser", "off", lacking.detail, lacking.fix)
    return Finding("browser", "ok", f"{settings.browser}; look closer: mediaposter doctor safari")


async def _ffmpeg() -> Finding:
    return Finding("ffmpeg", "ok", await ffmpeg.version())


async def _database(ctx: Context) -> Finding:
    async with ctx.database.session() as session:
        version: str = (await session.execute(text("SHOW server_version"))).scalar_one()
    kind = "DATABASE_URL" if ctx.settings.database_url else f"embedded, in {ctx.settings.home / 'postgres'}"
    return Finding("database", "ok", f"Postgres {version}, {kind}")


async def _workers(ctx: Context) -> Finding:
    alive = await live_workers(ctx)
    if alive:
        return Finding("worker", "ok", f"{len(alive)} running")
    async with ctx.database.session() as session:
        status = await power.get_status(session)
    if status.mode is PowerMode.ASLEEP:
        wakes = f", wakes at {status.next_wake_at:%Y-%m-%d %H:%M} UTC" if status.next_wake_at else ""
        return Finding("worker", "ok", f"{len(status.workers)} asleep{wakes}; work wakes it")
    return Finding(
        "worker", "off", "none is running", "Start one with `mediaposter up`; `mediaposter run` brings its own."
    )


async def _storage(ctx: Context) -> Finding:
    probe = ctx.storage.scratch(".probe")
    probe.write_bytes(b"probe")
    await ctx.storage.put("probe/doctor", probe)
    await ctx.storage.delete("probe/doctor")
    return Finding("storage", "ok", ctx.settings.storage_url or str(ctx.storage.folder))


async def _accounts(ctx: Context) -> Finding:
    async with ctx.database.session() as session:
        accounts = await publishing.list_accounts(session)
    if not accounts:
        return Finding("accounts", "off", "none", "Add one: mediaposter accounts add garden --name 'The garden'")
    return Finding("accounts", "ok", f"{len(accounts)}")


async def _provider(ctx: Context, name: str) -> Finding:
    provider = load_provider(name, ctx.settings, ctx.storage)
    retired = provider.capabilities.retired_on
    if retired is not None:
        instead = ", ".join(provider.capabilities.alternatives)
        return Finding(f"provider {name}", "off", f"its service ended on {retired}", f"Use another: {instead}.")
    missing = provider.missing()
    if missing is not None:
        return Finding(f"provider {name}", "off", missing.detail, missing.fix)
    return Finding(f"provider {name}", "ok", "ready")


_CHECKS_OF_DATABASE: list[tuple[str, Callable[[Context], Awaitable[Finding]]]] = [
    ("database", _database),
    ("worker", _workers),
    ("storage", _storage),
    ("accounts", _accounts),
]


async def _attempt(part: str, check: Callable[..., Awaitable[Finding]], *given: object) -> Finding:
    try:
        return await check(*given)
    except Exception as error:
        fault = explain(error)
        return Finding(part, "broken", fault.detail, fault.fix)


def _part_of(fault: MediaPosterError) -> str:
    """Name the part that stops the machine: a setting by its room, else the database."""
    setting = fault.setting if isinstance(fault, NotConfiguredError) else ""
    return {"MEDIAPOSTER_STORAGE_URL": "storage", "MEDIAPOSTER_SECRET_KEY": "secret key"}.get(setting, "database")


def _model(part: str, find: Callable[[], object]) -> Finding:
    try:
        return Finding(part, "ok", str(find()))
    except NotConfiguredError as error:
        return Finding(part, "off", error.detail, error.fix)
    except MediaPosterError as error:
        return Finding(part, "broken", error.detail, error.fix)


def _models(settings: Settings) -> list[tuple[str, Callable[[], object]]]:
    """Return how the settings of each model are read. What they raise says what is missing."""
    return [
        ("language model", lambda: language_model(settings).name),
        ("voice", lambda: voice(settings) and "local Piper"),
        ("speech to text", lambda: transcriber(settings) and "local Whisper base"),
        ("image model", lambda: image_model(settings).name),
    ]


async def _model_of(part: str, find: Callable[[], object], ask: Callable[[], Awaitable[Listed]] | None) -> Finding:
    """Look at the settings of a model, then ask its vendor for it: known, until when, key refused, out of reach."""
    found = _model(part, find)
    if found.state != "ok" or ask is None:
        return found
    try:
        listed = await ask()
    except MediaPosterError as error:
        return Finding(part, "broken", error.detail, error.fix)
    if listed.ends is None:
        return Finding(part, "ok", listed.found)
    return Finding(part, "ok", f"{listed.found}; it ends on {listed.ends}", listed.way_on)


def _disk(settings: Settings) -> Finding:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{settings.home}, {free / 1024**3:.1f} GB free"
    if free < _LEAST_FREE:
        return Finding("home", "broken", found, "Free some space, or set MEDIAPOSTER_HOME to another disk.")
    return Finding("home", "ok", found)


def _public_url(settings: Settings) -> Finding:
    if settings.public_url:
        return Finding("public address", "ok", settings.public_url)
    return Finding(
        "public address",
        "off",
        f"links and feeds say {settings.site_url}, which only this machine can open",
        "Set MEDIAPOSTER_PUBLIC_URL to the address under which the world reaches your site.",
    )


def _print(findings: list[Finding]) -> None:
    wide = max(len(finding.part) for finding in findings)
    for finding in findings:
        mark, colour = _MARKS[finding.state]
        out.print(Text.assemble((mark, colour), f" {finding.part:<{wide}}  {finding.found}"), soft_wrap=True)
        if finding.fix:
            out.print(Text(f"  {'':<{wide}}  {finding.fix}", style="dim"), soft_wrap=True)
    if sys.stdout.isatty():
        out.print(Text("\n✓ ready   ○ not configured, which may be fine   ✗ broken", style="dim"))
