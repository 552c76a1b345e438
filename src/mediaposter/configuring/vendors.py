"""What is configured outside of this machine, what is missing, and whether it answers. Nothing here buys anything."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from time import perf_counter

from mediaposter.browser import opening
from mediaposter.configuring.schemas import VendorKind, VendorRead, VendorTested
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError, NotFoundError
from mediaposter.core.settings import Settings
from mediaposter.generation.provider import Askable, Provider, provider, provider_names
from mediaposter.models.images import image_model
from mediaposter.models.language import language_model
from mediaposter.models.listing import Listed, checks_of
from mediaposter.models.retired import retirement
from mediaposter.models.transcription import transcriber
from mediaposter.models.voice import voice

DEADLINE_SECONDS = 20.0
_HERE = "runs on this machine"


@dataclass(frozen=True)
class _Model:
    """A kind of model: the setting that names it, how it is found, and what `checks_of` calls it."""

    kind: VendorKind
    title: str
    setting: str
    part: str
    find: Callable[[Settings], object]


_MODELS = (
    _Model("language", "Language model", "language_model", "language model", language_model),
    _Model("image", "Image model", "image_model", "image model", image_model),
    _Model("voice", "Voice", "voice", "voice", voice),
    _Model("transcription", "Speech to text", "transcription", "speech to text", transcriber),
)


def list_vendors(ctx: Context) -> list[VendorRead]:
    """Return everything outside that can be configured, with what is missing. Nobody is asked."""
    videos = [_video(provider(name), ctx.settings) for name in provider_names()]
    return [*videos, *(_model(one, ctx) for one in _MODELS), _browser(ctx.settings)]


async def ask_vendor(ctx: Context, vendor_id: str) -> VendorTested:
    """Ask one of them, in the cheapest way there is, whether it would work: within 20 s, and buying nothing.

    What it says is in the answer, also when it refuses. Raises NotFoundError for an id that is not there.
    """
    shown = next((one for one in list_vendors(ctx) if one.id == vendor_id), None)
    if shown is None:
        named = ", ".join(one.id for one in list_vendors(ctx))
        raise NotFoundError(f"There is nothing called {vendor_id!r} to test.", fix=f"There are: {named}.")
    if not shown.configured:
        return VendorTested(ok=False, detail=shown.note, fix=shown.fix, latency_ms=None, ends=shown.ends)
    ask = _question(ctx, shown)
    if ask is None:
        return VendorTested(ok=True, detail=shown.note, fix="", latency_ms=None, ends=shown.ends)
    began = perf_counter()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            listed = await ask()
    except TimeoutError:
        detail = f"{shown.title} did not answer within {DEADLINE_SECONDS:g} seconds."
        return VendorTested(ok=False, detail=detail, fix="Try again later.", latency_ms=_since(began), ends=shown.ends)
    except MediaPosterError as error:
        return VendorTested(ok=False, detail=error.detail, fix=error.fix, latency_ms=_since(began), ends=shown.ends)
    return VendorTested(
        ok=True, detail=listed.found, fix=listed.way_on, latency_ms=_since(began), ends=listed.ends or shown.ends
    )


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 1)


def _question(ctx: Context, shown: VendorRead) -> Callable[[], Awaitable[Listed]] | None:
    """Return how one is asked; None for what runs here, and for what cannot be asked without buying."""
    if shown.kind == "video":
        one = provider(shown.id)
        return (lambda: _ask_video(one)) if isinstance(one, Askable) else None
    part = next((model.part for model in _MODELS if model.kind == shown.kind), "")
    return checks_of(ctx.settings).get(part)


async def _ask_video(one: Askable) -> Listed:
    return Listed("", await one.ask())


def _video(one: Provider, settings: Settings) -> VendorRead:
    able, lacking = one.capabilities, one.missing()
    asked = isinstance(one, Askable)
    if able.retired_on is not None:
        note = f"Its service ended on {able.retired_on}."
        fix = lacking.fix if lacking else f"Use another: {', '.join(able.alternatives)}."
    elif lacking is not None:
        note, fix = lacking.detail, lacking.fix
    elif able.resubmit_is_free:
        note, fix = f"Ready: it {_HERE}.", ""
    else:
        note, fix = "Configured." if asked else "Configured. It cannot be tested without buying.", ""
    return VendorRead(
        id=one.name,
        kind="video",
        title=getattr(one, "title", one.name),
        configured=lacking is None and able.retired_on is None,
        needs=[lacking.setting] if lacking else [],
        model=getattr(settings, f"{one.name.replace('-', '_')}_model", None),
        note=note,
        fix=fix,
        ends=able.retired_on,
        testable=asked,
    )


def _model(one: _Model, ctx: Context) -> VendorRead:
    spec: str | None = getattr(ctx.settings, one.setting)
    needs: list[str] = []
    ends, note, fix = _end_of(ctx.settings, one.setting), "", ""
    try:
        one.find(ctx.settings)
    except NotConfiguredError as error:
        needs, note, fix = [error.setting], error.detail, error.fix
    except MediaPosterError as error:
        note, fix = error.detail, error.fix
    outside = spec is not None and ":" in spec
    configured = not note
    if configured:
        note = "Configured." if outside else f"Ready: it {_HERE}."
        if ends is not None and outside:
            note = f"Configured. Its vendor ends it on {ends}."
    return VendorRead(
        id=one.kind,
        kind=one.kind,
        title=one.title,
        configured=configured,
        needs=needs,
        model=spec,
        note=note,
        fix=fix,
        ends=ends,
        testable=outside,
    )


def _end_of(settings: Settings, field: str) -> date | None:
    """Return the day on which our table says that a vendor's model ends; None for a server of one's own."""
    vendor, _, model = (getattr(settings, field) or "").partition(":")
    if any(getattr(settings, name, None) for name in (f"{vendor}_base_url", f"{field}_base_url")):
        return None
    gone = retirement(vendor, model) or retirement(vendor, model.partition("/")[0])
    return gone.on if gone else None


def _browser(settings: Settings) -> VendorRead:
    lacking = opening.missing(settings)
    note, fix = (lacking.detail, lacking.fix) if lacking else ("Configured.", "")
    if lacking is None:
        program = str(settings.osascript) if settings.browser == "safari" else settings.webdriver
        setting = "MEDIAPOSTER_OSASCRIPT" if settings.browser == "safari" else "MEDIAPOSTER_WEBDRIVER"
        if shutil.which(program) is None:
            note, fix = (
                f"The program {program} is not on this machine.",
                f"Install it, or set {setting} to where it is.",
            )
            lacking = NotConfiguredError(setting, note, fix=fix)
        else:
            note = f"{program} is here. To see it work a page: mediaposter doctor safari."
    return VendorRead(
        id="browser",
        kind="browser",
        title="Browser",
        configured=lacking is None,
        needs=[lacking.setting] if lacking else [],
        model=settings.browser,
        note=note,
        fix=fix,
        ends=None,
        testable=False,
    )
