"""Which vendor is asked for voices, pictures and transcripts, by which address and key: settings made one value."""

from dataclasses import dataclass

import regex
from pydantic import SecretStr

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings, variable_name
from mediaposter.models.errors import ModelIdError
from mediaposter.models.retired import refuse_retired

_SPEC = regex.compile(r"(?P<vendor>[a-z]+):(?P<rest>[\w.@/:+-]{1,200})")
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "elevenlabs": "https://api.elevenlabs.io",
    "stability": "https://api.stability.ai",
}


@dataclass(frozen=True)
class Access:
    """A vendor's model as it is reached. `spec` is what was configured; `own` that the vendor itself serves it."""

    spec: str
    vendor: str
    model: str
    base_url: str
    own: bool
    key: SecretStr | None
    key_setting: str
    model_setting: str
    seconds: float

    @property
    def secret(self) -> str:
        """The key in the clear, for a header; empty where the server needs none."""
        return self.key.get_secret_value().strip() if self.key else ""


def split_spec(spec: str, vendors: tuple[str, ...], *, example: str) -> tuple[str, str]:
    """Split `vendor:rest`. Raises ModelIdError naming the vendors and giving `example`."""
    match = _SPEC.fullmatch(spec.strip())
    if match and match["vendor"] in vendors:
        return match["vendor"], match["rest"]
    raise ModelIdError(
        f"{spec!r} is not a model id: it must be vendor:model, the vendor one of {', '.join(vendors)}.",
        fix=f"Write for example {example}.",
    )


def reach(
    settings: Settings, spec: str, vendor: str, model: str, *, field: str, base_url: str | None, clock: Clock = utc_now
) -> Access:
    """Return how `model` of `vendor` is reached. `field` is the setting that names it, `base_url` its own address.

    Raises NotConfiguredError without a key (a server of your own needs none) and ModelRetiredError for a model that
    the vendor itself no longer serves.
    """
    address = base_url or (settings.openai_base_url if vendor == "openai" else None) or ADDRESSES[vendor]
    address = address.rstrip("/")
    own = address == ADDRESSES[vendor] or address.endswith((".elevenlabs.io", ".stability.ai"))
    if own:
        refuse_retired(vendor, model, clock().date())
    name = f"{vendor}_api_key"
    key: SecretStr | None = getattr(settings, name)
    if key is not None and not key.get_secret_value().strip():
        key = None
    setting = variable_name(name)
    if key is None and not (vendor == "openai" and not own):
        raise NotConfiguredError(
            setting,
            f"{spec} needs a key of its vendor, and {setting} is not set.",
            fix=f"Set {setting}, or choose another {variable_name(field)}.",
        )
    return Access(
        spec, vendor, model, address, own, key, setting, variable_name(field), settings.media_model_timeout_seconds
    )
