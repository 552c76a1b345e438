"""Connecting accounts by what a person copies from the platform."""

from collections.abc import Mapping, Sequence

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.connecting.errors import ConnectError
from mediaposter.publishing.connection import Field, Identity, OAuth
from mediaposter.publishing.errors import ReconnectNeededError, RetryLaterError
from mediaposter.publishing.registry import load_channel

_TOKENS = (
    Field("access_token", "Access token", "from the platform's developer console"),
    Field("refresh_token", "Refresh token", "if the platform gave one", required=False),
)


def connectable(channel_name: str) -> Connectable:
    """Return a channel whose accounts are connected. Raises UnknownChannelError, InvalidInputError."""
    channel = load_channel(channel_name)
    if not isinstance(channel, Connectable):
        raise InvalidInputError(
            f"Accounts on {channel_name} need no credentials.",
            fix=f"Add one: mediaposter accounts add HANDLE --channel {channel_name}",
        )
    return channel


def fields_of(channel_name: str) -> Sequence[Field]:
    """Return what there is to paste for a channel: its own fields, or the tokens of an OAuth app."""
    how = connectable(channel_name).connect
    return _TOKENS if isinstance(how, OAuth) else how.fields


async def identify(channel_name: str, values: Mapping[str, str]) -> Sequence[Identity]:
    """Return the accounts that pasted credentials reach. Raises InvalidInputError naming each field that is missing."""
    fields = fields_of(channel_name)
    credentials: JsonObject = {}
    problems: list[FieldProblem] = []
    for field in fields:
        value = values.get(field.name, "").strip() or field.default
        if value:
            credentials[field.name] = value
        elif field.required:
            problems.append(FieldProblem(field.name, "is needed", field.hint or f"Paste the {field.label}."))
    if unknown := sorted(set(values) - {field.name for field in fields}):
        names = ", ".join(field.name for field in fields)
        problems += [FieldProblem(name, "is no field of this channel", f"Its fields: {names}.") for name in unknown]
    if problems:
        told = "; ".join(f"{one.field} {one.rule}" for one in problems)
        raise InvalidInputError(f"{channel_name} cannot be connected: {told}.", fix=problems[0].fix, errors=problems)
    return await reached(connectable(channel_name), credentials, refused="Check what you pasted, then try again.")


async def reached(channel: Connectable, credentials: JsonObject, *, refused: str) -> list[Identity]:
    """Return the accounts that credentials reach. `refused` is the mend when the platform refuses them.

    Raises ConnectError, also where the platform cannot be asked now.
    """
    try:
        return list(await channel.identify(credentials))
    except ReconnectNeededError as error:
        raise ConnectError(error.detail, fix=refused) from error
    except RetryLaterError as error:
        raise ConnectError(error.detail, fix="Try again in a minute.") from error
