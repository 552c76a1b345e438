"""Every setting of this process with its value: those of the core, then those of each channel."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from mediaposter.configuring.schemas import SettingRead
from mediaposter.core.logging import redact
from mediaposter.core.settings import Settings, variable_name
from mediaposter.publishing.channel_settings import ChannelSettings, variable_of
from mediaposter.publishing.registry import load_channels

# Each group begins with this setting and ends before the next one that is named here.
_GROUPS = {
    "home": "Where things live",
    "host": "The server",
    "log_level": "Logs",
    "worker_lease_seconds": "The engine",
    "time_zone": "Planning",
    "media_max_bytes": "Media",
    "language_model": "Models",
    "runway_api_key": "Video from vendors",
    "browser": "The browser",
    "allow_private_urls": "The network",
}


def list_settings(settings: Settings) -> list[SettingRead]:
    """Return every setting, in the order of the reference. No secret is in it."""
    group = ""
    found: list[SettingRead] = []
    for name, field in Settings.model_fields.items():
        group = _GROUPS.get(name, group)
        found.append(_read(settings, name, field, variable_name(name), group))
    return [*found, *_of_channels()]


def _of_channels() -> Iterator[SettingRead]:
    for channel in load_channels().values():
        kind: type[ChannelSettings] | None = getattr(channel, "settings", None)
        if kind is None:
            continue
        values = kind()
        for name, field in kind.model_fields.items():
            yield _read(values, name, field, variable_of(kind, name), f"Channel {channel.title}")


def _read(values: BaseSettings, name: str, field: FieldInfo, variable: str, group: str) -> SettingRead:
    value: Any = getattr(values, name)
    secret = "SecretStr" in str(field.annotation)
    default: Any = field.get_default(call_default_factory=True)
    empty = value is None or (isinstance(value, SecretStr) and not value.get_secret_value().strip())
    return SettingRead(
        name=name,
        variable=variable,
        description=field.description or "",
        group=group,
        secret=secret,
        is_set=not empty if secret else name in values.model_fields_set,
        is_default=empty if secret else value == default,
        value=None if secret else _shown(value, field),
        default=None if secret else _shown(default, field),
    )


def _shown(value: Any, field: FieldInfo) -> Any:
    shown = json.loads(TypeAdapter[Any](field.annotation or str).dump_json(value))
    return redact(shown) if isinstance(shown, str) else shown  # an address may carry a password
