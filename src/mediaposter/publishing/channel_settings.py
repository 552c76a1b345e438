"""Settings of one channel, read from variables that begin with its name: MEDIAPOSTER_X_CLIENT_ID and the like."""

from typing import TypeVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from mediaposter.core.errors import NotConfiguredError

S = TypeVar("S", bound="ChannelSettings")


class ChannelSettings(BaseSettings):
    """Base of a channel's settings: `class XSettings(ChannelSettings, env_prefix="MEDIAPOSTER_X_")`.

    A channel names its class as `settings`, and the reference pages list what is in it.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True
    )

    def required(self, field: str) -> str:
        """Return a setting as text. Raises NotConfiguredError naming its variable when it is not set."""
        value = getattr(self, field)
        if value is None:
            raise NotConfiguredError(variable_of(type(self), field), f"{variable_of(type(self), field)} is not set.")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def variable_of(settings: type[ChannelSettings], field: str) -> str:
    """Return the environment variable of a channel's setting."""
    return f"{settings.model_config.get('env_prefix', '')}{field}".upper()
