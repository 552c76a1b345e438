"""Who came, without knowing who: a visitor hash salted anew every day, the kind of device, and whether it is a robot.

The salt is random, lives in the database for two days and is then deleted: from then on nobody, not even the owner of
the machine, can link a hash to an address. The public site and the redirect of tracked links count with it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import regex
from crawleruseragents import is_crawler
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, Database
from mediaposter.core.settings import Settings

# Programs and previews that the list of crawlers leaves out. No browser of a person has these words.
_PROGRAM = regex.compile(
    r"bot\b|bot/|crawl|spider|scrap|preview|monitor|uptime|headless|lighthouse|validator|"
    r"^curl|^wget|python|^go-http|^java/|okhttp|axios|node-fetch|undici|libwww|httpclient|^ruby|^php|postman|insomnia",
    regex.IGNORECASE,
)
_AGENTS_KNOWN = 4096  # user agents whose nature is remembered: a few hundred make up nearly all visits
_SALT_DAYS = 2


class Device(StrEnum):
    """The kind of device, as far as the user agent tells."""

    PHONE = "phone"
    TABLET = "tablet"
    DESKTOP = "desktop"
    TV = "tv"
    ROBOT = "robot"
    UNKNOWN = "unknown"


class VisitorSalt(Base):
    """The random salt of one day (UTC)."""

    __tablename__ = "visitor_salts"

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class Visitor:
    """A visitor as counted: `key` is the same for one browser and address during one day, and means nothing after."""

    key: str
    device: Device
    robot: bool
    day: date


_salts: dict[tuple[str, date], str] = {}  # by database and day; today's and, around midnight, yesterday's


async def recognise(database: Database, *, address: str, headers: Mapping[str, str], now: datetime) -> Visitor:
    """Return the visitor behind a request. `headers` are looked up in lower case; nothing of them is kept."""
    agent = headers.get("user-agent", "")
    day = now.date()
    salt = _salts.get((database.url, day)) or await _load_salt(database, day)
    robot = is_robot(headers)
    # A browser that prefetches and then really comes is a robot first and a person after.
    seen = f"{address}\n{agent}\n{robot}"
    digest = hashlib.blake2b(seen.encode(), key=salt.encode(), digest_size=12).hexdigest()
    return Visitor(digest, Device.ROBOT if robot else device_of(agent), robot, day)


def address_of(headers: Mapping[str, str], peer: str, settings: Settings) -> str:
    """Return the visitor's address: the connection's, or what the header named in the settings says of it.

    Of a list (X-Forwarded-For) the last entry counts: the one that the nearest proxy wrote.
    """
    if settings.visitor_address_header is None:
        return peer
    return headers.get(settings.visitor_address_header.lower(), "").rsplit(",", 1)[-1].strip() or peer


def country_of(headers: Mapping[str, str], settings: Settings) -> str | None:
    """Return the two-letter country that the proxy's header names, None without such a setting or header."""
    if settings.visitor_country_header is None:
        return None
    value = headers.get(settings.visitor_country_header.lower(), "").strip().upper()
    return value if regex.fullmatch(r"[A-Z]{2}", value) and value != "XX" else None


def is_robot(headers: Mapping[str, str]) -> bool:
    """Say whether a request comes from a crawler, a link preview, a prefetch or a program rather than from a person."""
    purpose = f"{headers.get('purpose', '')} {headers.get('sec-purpose', '')} {headers.get('x-moz', '')}".lower()
    return "prefetch" in purpose or "preview" in purpose or _is_robots_agent(headers.get("user-agent", ""))


@lru_cache(maxsize=_AGENTS_KNOWN)
def _is_robots_agent(agent: str) -> bool:
    return not agent or bool(_PROGRAM.search(agent)) or is_crawler(agent, case_sensitive=False)


@lru_cache(maxsize=_AGENTS_KNOWN)
def device_of(agent: str) -> Device:
    """Return the kind of device that a browser's user agent names."""
    lower = agent.lower()
    if not lower:
        return Device.UNKNOWN
    if "ipad" in lower or "tablet" in lower or ("android" in lower and "mobile" not in lower and "tv" not in lower):
        return Device.TABLET
    if "smart-tv" in lower or "smarttv" in lower or "appletv" in lower or " tv" in lower or "bravia" in lower:
        return Device.TV
    if "iphone" in lower or "mobile" in lower or "android" in lower:
        return Device.PHONE
    if "windows" in lower or "macintosh" in lower or "x11" in lower or "cros" in lower:
        return Device.DESKTOP
    return Device.UNKNOWN


async def _load_salt(database: Database, day: date) -> str:
    async with database.session() as session:
        made = insert(VisitorSalt).values(day=day, salt=secrets.token_hex(32), created_at=utc_now())
        await session.execute(made.on_conflict_do_nothing())
        await session.execute(delete(VisitorSalt).where(VisitorSalt.day < day - timedelta(days=_SALT_DAYS)))
        salt = (await session.execute(select(VisitorSalt.salt).where(VisitorSalt.day == day))).scalar_one()
    for old in [known for known in _salts if known[1] < day - timedelta(days=1)]:
        del _salts[old]
    _salts[database.url, day] = salt
    return salt
