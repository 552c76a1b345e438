"""How an account of a channel is connected, as data: by OAuth, or by pasting what the platform gave out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mediaposter.core.db import JsonObject
from mediaposter.publishing.errors import ChannelError, ReconnectNeededError, RetryLaterError


@dataclass(frozen=True)
class OAuth:
    """An OAuth 2 authorization code flow. `{base_url}` in an address is the channel's setting of that name.

    The app's `client_id` and `client_secret` are settings of the channel. Credentials come out as `access_token`,
    `refresh_token` (where there is one), `expires_at` (ISO 8601, UTC) and `scope`.
    """

    authorize_url: str
    token_url: str
    scopes: Sequence[str]
    optional_scopes: Sequence[str] = ()  # asked for; without them only less is known
    scopes_setting: str = ""  # a setting of the channel that, where it is given, names the scopes instead, by spaces
    scope_separator: str = " "
    pkce: bool = True
    hex_challenge: bool = False  # the challenge is the sha256 in hex and not in base64url: TikTok's way for programs
    client_id_name: str = "client_id"  # TikTok says client_key
    basic_auth: bool = False  # the token endpoint wants the app's id and secret as HTTP Basic, not in the body
    authorize_params: Mapping[str, str] = field(default_factory=dict[str, str])
    help_url: str = ""  # where an app is registered


@dataclass(frozen=True)
class Field:
    """One thing to paste. `hint` says where to find it."""

    name: str
    label: str
    hint: str = ""
    secret: bool = True
    required: bool = True
    default: str = ""


@dataclass(frozen=True)
class Paste:
    """Credentials that a person copies from the platform."""

    fields: Sequence[Field]
    help_url: str = ""


@dataclass(frozen=True)
class Identity:
    """One account that credentials reach. `credentials` are those to keep for it; `target` what they imply."""

    external_id: str
    handle: str
    name: str
    credentials: JsonObject = field(repr=False)
    scopes: Sequence[str] = ()
    target: JsonObject = field(default_factory=dict[str, object])
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Check:
    """One thing that was looked at before posting. `fix` says what to do when it is not `ok`."""

    name: str  # token, scope, quota, media, target
    ok: bool
    says: str
    fix: str = ""


def check_of(error: ChannelError) -> Check:
    """Return what an error says of an account that was only asked how it stands."""
    names: dict[type[ChannelError], str] = {ReconnectNeededError: "token", RetryLaterError: "quota"}
    return Check(names.get(type(error), "platform"), ok=False, says=error.detail, fix=error.fix)
