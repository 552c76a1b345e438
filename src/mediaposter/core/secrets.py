"""Credentials at rest: encrypted with a key that lives outside the database."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings


class SecretBox:
    """Encrypts and decrypts short texts (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key.encode())
        except ValueError as error:
            raise NotConfiguredError(
                "MEDIAPOSTER_SECRET_KEY",
                "The secret key is not 32 url-safe base64-encoded bytes.",
                fix="Make one with `mediaposter secret-key`, set it as MEDIAPOSTER_SECRET_KEY and keep it safe.",
            ) from error
        self._key = key.encode()

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose (HKDF-SHA256), which tells nothing of the secret key."""
        return HKDF(SHA256(), 32, salt=None, info=b"mediaposter:" + purpose.encode()).derive(self._key)

    def seal(self, text: str) -> str:
        """Return `text` encrypted, as ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the text of `sealed`. Raises NotConfiguredError when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise NotConfiguredError(
                "MEDIAPOSTER_SECRET_KEY",
                "A stored credential was encrypted with another key.",
                fix="Set MEDIAPOSTER_SECRET_KEY to the key that was in use then, or connect the account again.",
            ) from error


def new_key() -> str:
    """Return a new random key."""
    return Fernet.generate_key().decode()


def load_secret_box(settings: Settings) -> SecretBox:
    """Return the box for the configured key, or for the one in the home, made there (mode 0600) at first use."""
    if settings.secret_key is not None:
        return SecretBox(settings.secret_key.get_secret_value())
    return SecretBox(private_file(settings.home / "secret.key", new_key))


def private_file(path: Path, make: Callable[[], str]) -> str:
    """Return the text of a file that only its owner may read, written with what `make` gives when it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may start at once: the first to link its file wins, the other reads what won.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
