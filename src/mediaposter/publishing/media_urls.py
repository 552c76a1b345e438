"""Addresses from which a platform fetches our media: signed, and good for some hours only.

With object storage they are presigned addresses of the store. Else they are addresses of our own server, `/m/TOKEN`:
the token names an asset and its end, signed with a key derived from the secret key. No other token is needed there.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import math
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from mediaposter.core import context, http
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError, NotFoundError
from mediaposter.media import service as media
from mediaposter.publishing.connection import Check
from mediaposter.publishing.materials import Material, filename_of, mime_of
from mediaposter.publishing.serving import file_response

router = APIRouter(include_in_schema=False)
_SETTING = "MEDIAPOSTER_PUBLIC_URL"
_PROBE = "probe"  # what a token names instead of an asset, for the self-test
_PROBE_KEY = "probe/mediaposter.txt"
_PROBE_BODY = b"MediaPoster serves media here.\n"
_MAC = 16  # bytes of the HMAC that an address carries: 128 bits
_LOOK_SECONDS = 15.0


async def public_url(material: Material, *, valid: timedelta = timedelta(hours=6)) -> str:
    """Return an https address that gives the file of `material` to anybody, with ranges, for so long.

    Raises NotConfiguredError naming MEDIAPOSTER_PUBLIC_URL when there is neither object storage nor a public address,
    or when the public address is one that the world cannot reach.
    """
    ctx = context.current()
    if not ctx.storage.signs:
        return _own(ctx, material.asset_id, valid, material.filename)
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, material.asset_id)
    key = asset.storage_key
    if key is None:  # a file of the user's, which our store does not have yet
        key = media.content_key(asset.sha256, asset.media_facts)
        if not await ctx.storage.is_shared(key):
            await ctx.storage.share(key, material.path)
    address = await ctx.storage.address(key, valid)
    assert address is not None
    return address


def lacking(ctx: Context) -> NotConfiguredError | None:
    """Return what is missing for platforms to fetch our media, as far as the settings tell. Nobody is asked."""
    if ctx.storage.signs:
        return None
    try:
        _public_base(ctx)
    except NotConfiguredError as error:
        return error
    return None


async def reachable(url: str | None = None) -> Check:
    """Say whether media can be fetched from `url`, or from our public address at all, with ranges.

    It is asked through the guarded client, so an address that leads inside a private network is not reachable.
    """
    fix = f"Set {_SETTING} to the https address under which the world reaches this server, or set up object storage."
    try:
        asked = url or await _probe_address()
        async with (
            http.client(context.current().settings) as client,
            client.stream(
                "GET", asked, headers={"Range": "bytes=0-0", "Accept-Encoding": "identity"}, timeout=_LOOK_SECONDS
            ) as answer,
        ):
            status = answer.status_code
            partial = status == 206 and answer.headers.get("content-length") == "1"
    except MediaPosterError as error:
        return Check("media", ok=False, says=error.detail, fix=error.fix or fix)
    except httpx.HTTPError as error:
        says = f"{urlsplit(url or '').hostname or 'The public address'} does not answer: {type(error).__name__}."
        return Check("media", ok=False, says=says, fix=fix)
    host = urlsplit(asked).hostname
    if partial:
        return Check("media", ok=True, says=f"Platforms can fetch media from {host}.")
    if status == 200:
        return Check(
            "media",
            ok=False,
            says=f"{host} gives whole files but no ranges.",
            fix="Let the proxy in front pass the Range header on and compress nothing under /m/.",
        )
    return Check("media", ok=False, says=f"{host} answered {status} where media should be.", fix=fix)


def read_token(token: str, key: bytes, *, now: datetime) -> tuple[str, bool]:
    """Return what a token names and whether its time is over. Raises NotFoundError for one that we did not sign."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _nothing() from error
    signature, told = raw[:_MAC], raw[_MAC:]
    # One spelling only: base64 has several for the same bytes, and a cache would keep each.
    if not hmac.compare_digest(signature, _sign(key, told)) or _spell(raw) != token:
        raise _nothing()
    subject, _, end = told.decode().rpartition("|")
    return subject, now.timestamp() >= int(end)


def make_token(subject: str, key: bytes, *, until: datetime) -> str:
    """Return a token for `subject` that ends at `until`."""
    told = f"{subject}|{math.ceil(until.timestamp())}".encode()
    return _spell(_sign(key, told) + told)


@router.api_route("/m/{token}", methods=["GET", "HEAD"])
@router.api_route("/m/{token}/{name}", methods=["GET", "HEAD"])
async def fetch(request: Request, token: str) -> Response:
    """The file that a signed address names. The name after the token is for platforms that look at it."""
    ctx = context.current()
    now = ctx.clock()
    try:
        subject, over = read_token(token, _key(ctx), now=now)
    except NotFoundError:
        return _refusal(404, "There is nothing at this address.")
    if over:
        return _refusal(410, "This address was good for a time that is over.")
    if subject == _PROBE:
        return _probe_answer(request)
    try:
        async with ctx.database.session() as session:
            asset = await media.get_asset(session, subject)
        facts = asset.media_facts
        mime = mime_of(facts)
        # no-transform: a proxy that compresses takes the length and the ranges away that platforms rely on.
        cache = "public, max-age=300, no-transform"
        name = filename_of(asset.sha256, mime)
        return await file_response(ctx, request, asset, media_type=mime, cache=cache, filename=name)
    except MediaPosterError:  # gone, moved or changed since: its path is nobody's business out there
        return _refusal(404, "The file is not there any more.")


def _own(ctx: Context, subject: str, valid: timedelta, filename: str) -> str:
    base = _public_base(ctx)
    return f"{base}/m/{make_token(subject, _key(ctx), until=ctx.clock() + valid)}/{filename}"


def _public_base(ctx: Context) -> str:
    settings = ctx.settings
    if not settings.public_url:
        raise NotConfiguredError(
            _SETTING,
            f"This platform fetches media from an address of ours, and {_SETTING} is not set.",
            fix=f"Set {_SETTING} to the https address under which the world reaches this server, "
            "or MEDIAPOSTER_STORAGE_URL to object storage.",
        )
    url = urlsplit(settings.public_url)
    if not settings.allow_private_urls and (url.scheme != "https" or not _is_outside(url.hostname or "")):
        raise NotConfiguredError(
            _SETTING,
            f"Platforms fetch media over https from the internet, and {_SETTING} is {settings.public_url}.",
            fix=f"Set {_SETTING} to an https address that the world reaches, such as one of a tunnel or a proxy.",
        )
    return settings.site_url


def _is_outside(host: str) -> bool:
    try:
        return http.is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        return bool(host) and "." in host and not host.endswith((".localhost", ".local", ".internal"))


async def _probe_address() -> str:
    ctx = context.current()
    if not ctx.storage.signs:
        return _own(ctx, _PROBE, timedelta(minutes=5), "probe.txt")
    if not await ctx.storage.is_shared(_PROBE_KEY):
        file = ctx.storage.scratch(".txt")
        file.write_bytes(_PROBE_BODY)
        try:
            await ctx.storage.share(_PROBE_KEY, file)
        finally:
            file.unlink(missing_ok=True)
    address = await ctx.storage.address(_PROBE_KEY, timedelta(minutes=5))
    assert address is not None
    return address


def _probe_answer(request: Request) -> Response:
    headers = {"Cache-Control": "no-store, no-transform", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("range") == "bytes=0-0":
        headers["Content-Range"] = f"bytes 0-0/{len(_PROBE_BODY)}"
        return Response(_PROBE_BODY[:1], 206, headers, "text/plain")
    return Response(_PROBE_BODY, 200, headers, "text/plain")


def _key(ctx: Context) -> bytes:
    return ctx.secrets.derive("media urls")


def _sign(key: bytes, told: bytes) -> bytes:
    return hmac.new(key, told, hashlib.sha256).digest()[:_MAC]


def _spell(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _nothing() -> NotFoundError:
    return NotFoundError("There is nothing at this address.")


def _refusal(status: int, says: str) -> Response:
    return PlainTextResponse(says, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
