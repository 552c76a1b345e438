"""OAuth 2.0 with PKCE, as the channels describe it in their data: addresses to send people to, and tokens for codes.

RFC 6749 (codes, refreshing), RFC 7636 (PKCE, S256) and RFC 8252 (loopback redirects), with the quirks that
`connection.OAuth` names. What the token endpoint answers is judged here and nowhere else: only an answer that says that
the grant is void (RFC 6749, 5.2) means that a person must connect again; everything else may pass.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import regex
from pydantic import SecretStr

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import NotConfiguredError
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.channel_settings import ChannelSettings, variable_of
from mediaposter.publishing.connecting.errors import ConnectError
from mediaposter.publishing.connection import OAuth
from mediaposter.publishing.errors import ReconnectNeededError, RejectedError, RetryLaterError
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform, common_complaint

_SECONDS = 20.0  # for one answer of a token endpoint
_VOID = ("invalid_grant", "invalid_refresh_token", "token_revoked")  # the last two are said outside of RFC 6749
_VOID_WORDS = ("passed for the token was invalid", "refresh token is invalid", "expired or revoked")
_APP_WRONG = ("invalid_client", "unauthorized_client", "invalid_client_key", "invalid_client_secret")


@dataclass(frozen=True)
class App:
    """What was registered at the platform, and its addresses with the channel's base put in."""

    channel: str
    how: OAuth
    client_id: str
    client_secret: str | None
    authorize_url: str
    token_url: str
    scopes: Sequence[str]  # that posting needs
    asked: Sequence[str]  # that are asked for
    agent: str | None


@dataclass(frozen=True)
class Pkce:
    """A verifier and what is shown of it."""

    verifier: str
    challenge: str


def app_of(channel: Connectable, *, redirect_uri: str = "") -> App:
    """Return the app that a channel connects with. Raises NotConfiguredError naming the variable of its client id.

    `redirect_uri` is told with the error: it is what has to be registered.
    """
    name = str(getattr(channel, "name", ""))
    how = channel.connect
    if not isinstance(how, OAuth):
        raise ConnectError(f"{name} is connected by pasting.", fix=f"mediaposter accounts connect {name}")
    kind: type[ChannelSettings] = getattr(channel, "settings", ChannelSettings)
    settings = kind()
    client_id: str | None = getattr(settings, "client_id", None)
    secret: SecretStr | None = getattr(settings, "client_secret", None)
    if not client_id:
        variable = variable_of(kind, "client_id")
        register = f" with the redirect address {redirect_uri}" if redirect_uri else ""
        where = f" at {how.help_url}" if how.help_url else ""
        raise NotConfiguredError(
            variable,
            f"{name} is connected through an app of your own, and {variable} is not set.",
            fix=f"Register an app{where}{register}; set {variable} and {variable_of(kind, 'client_secret')}.",
        )
    base = str(getattr(settings, "base_url", "") or "").rstrip("/")
    told: str | None = getattr(settings, how.scopes_setting, None) if how.scopes_setting else None
    scopes = tuple(told.replace(",", " ").split()) if told else tuple(how.scopes)
    return App(
        channel=name,
        how=how,
        client_id=client_id,
        client_secret=secret.get_secret_value() if secret else None,
        authorize_url=how.authorize_url.replace("{base_url}", base),
        token_url=how.token_url.replace("{base_url}", base),
        scopes=scopes,
        asked=scopes if told else (*how.scopes, *how.optional_scopes),
        agent=getattr(settings, "user_agent", None),
    )


def new_pkce(how: OAuth) -> Pkce:
    """Return a new verifier of 64 characters with its challenge by S256, in hex where the platform wants that."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return Pkce(verifier, digest.hex() if how.hex_challenge else base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def authorize_address(app: App, *, redirect_uri: str, state: str, challenge: str) -> str:
    """Return the address of the platform's page where a person gives the permission."""
    params = {
        "response_type": "code",
        app.how.client_id_name: app.client_id,
        "redirect_uri": redirect_uri,
        "scope": app.how.scope_separator.join(app.asked),
        "state": state,
        **({"code_challenge": challenge, "code_challenge_method": "S256"} if app.how.pkce else {}),
        **app.how.authorize_params,
    }
    parts = urlsplit(app.authorize_url)
    query = urlencode([*parse_qsl(parts.query), *params.items()])
    return urlunsplit(parts._replace(query=query))


async def exchange(app: App, *, code: str, redirect_uri: str, verifier: str, now: datetime) -> JsonObject:
    """Return the credentials for a code. Raises ConnectError when it is refused, or cannot be asked for."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if app.how.pkce:
        form["code_verifier"] = verifier
    try:
        answer = await _ask(app, form)
    except ReconnectNeededError as error:
        raise ConnectError(
            f"{app.channel} refused the code: {error.detail}",
            fix="Start again: a code is good once and not for long. The redirect address must be the registered one.",
        ) from error
    except RejectedError as error:
        raise ConnectError(error.detail, fix=error.fix) from error
    except RetryLaterError as error:
        raise ConnectError(error.detail, fix="Start again in a minute.") from error
    return credentials_of(app, answer, {}, now=now)


async def renew(app: App, credentials: JsonObject, *, now: datetime) -> JsonObject:
    """Return credentials with a new token. A refresh token that the answer does not replace stays.

    Raises ReconnectNeededError only where the platform says that the grant is void.
    """
    form = {"grant_type": "refresh_token", "refresh_token": str(credentials["refresh_token"])}
    return credentials_of(app, await _ask(app, form), credentials, now=now)


def credentials_of(app: App, answer: JsonObject, old: JsonObject, *, now: datetime) -> JsonObject:
    """Read a token answer into credentials, over those that were there."""
    token = answer.get("access_token")
    if not token:
        raise RetryLaterError(f"{app.channel} answered without a token.", answer={"names": sorted(answer)})
    fresh: JsonObject = {**old, "access_token": str(token), "obtained_at": now.isoformat()}
    fresh.pop("expires_at", None)  # of the token before
    if answer.get("refresh_token"):
        fresh["refresh_token"] = str(answer["refresh_token"])
    if (seconds := _seconds(answer.get("expires_in"))) is not None:
        fresh["expires_at"] = (now + timedelta(seconds=seconds)).isoformat()
    names = ("refresh_token_expires_in", "refresh_expires_in")
    ends = next((left for name in names if (left := _seconds(answer.get(name))) is not None), None)
    if ends is not None:
        fresh["refresh_expires_at"] = (now + timedelta(seconds=ends)).isoformat()
    if told := answer.get("scope"):
        # A list by spaces says the standard; several platforms say commas, one a JSON list.
        fresh["scope"] = " ".join(scopes_in(told))
    fresh.update({name: str(answer[name]) for name in ("open_id", "user_id") if answer.get(name)})
    return fresh


def scopes_in(told: object) -> list[str]:
    """Read scopes as platforms word them: by spaces, by commas, or as a list."""
    text = " ".join(map(str, told)) if isinstance(told, list | tuple) else str(told or "")
    return [word for word in regex.split(r"[\s,]+", text) if word]


def missing_scopes(app: App, credentials: JsonObject) -> list[str]:
    """Return the needed scopes that were not granted. A platform that does not say granted what was asked."""
    told = credentials.get("scope")
    granted = set(scopes_in(told)) if told else set(app.asked)
    return [scope for scope in app.scopes if scope not in granted]


async def _ask(app: App, form: Mapping[str, str]) -> JsonObject:
    form = dict(form)
    headers = {"Accept": "application/json"}
    if app.agent:
        headers["User-Agent"] = app.agent
    if app.how.basic_auth and app.client_secret is not None:
        pair = f"{app.client_id}:{app.client_secret}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form[app.how.client_id_name] = app.client_id
        if app.client_secret is not None:
            form["client_secret"] = app.client_secret
    answer = await _platform(app).ask("POST", app.token_url, headers=headers, data=form, timeout=_SECONDS)
    body = answer.body
    if not isinstance(answer.data, dict) or body.get("error"):
        # TikTok and others say 200 and put the refusal into the answer.
        raise _platform(app).judge(answer, creating=False)
    return body


def _platform(app: App) -> Platform:
    void = (
        *(ErrorRule(Means.RECONNECT, code=code) for code in _VOID),
        # X and LinkedIn say invalid_request of a refresh token that is no longer good.
        *(ErrorRule(Means.RECONNECT, code="invalid_request", says=says) for says in _VOID_WORDS),
    )
    fix = f"Check the id and the secret of the app{f' at {app.how.help_url}' if app.how.help_url else ''}."
    wrong = tuple(ErrorRule(Means.REJECTED, code=code, fix=fix) for code in _APP_WRONG)
    others = (
        ErrorRule(Means.LATER, code="temporarily_unavailable"),
        ErrorRule(Means.LATER, code="server_error"),
        ErrorRule(Means.REJECTED, code="invalid_scope", fix="Take out the scopes that the app was not granted."),
        ErrorRule(Means.REJECTED, code="invalid_request", fix="Check the app's redirect address and its kind."),
        ErrorRule(Means.REJECTED, status=401, fix=fix),  # of the app, not of the account: nothing is void
        ErrorRule(Means.LATER, status=200),
    )
    return Platform(app.channel, errors=(*void, *wrong, *others), reads=_complaint)


def _complaint(answer: Answer) -> Complaint:
    """Read `error` and `error_description`, as RFC 6749 has them; where a platform has others, its usual shapes."""
    told = answer.data
    if isinstance(told, dict) and isinstance(told.get("error"), str):
        return Complaint(str(told["error"]), str(told.get("error_description") or told.get("message") or ""))
    if isinstance(told, dict):
        return common_complaint(answer)
    return Complaint("", "")


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if seconds > 0 else None
