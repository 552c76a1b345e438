"""The operations of settings. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.configuring.schemas import SettingRead, TokenCreate, TokenMade, TokenRead, VendorRead, VendorTested


def settings() -> Call[list[SettingRead]]:
    """Every setting with its value; read only.

    They come from the environment and `.env` and are read when the server starts: change them there.

    Secrets are never shown, only whether they are set.
    """
    return Call("GET", "/api/settings", list[SettingRead])


def providers() -> Call[list[VendorRead]]:
    """Everything outside that can be configured, and what it still needs.

    Video providers, models that write, draw, speak and listen, and the browser. Nobody is asked for this.
    """
    return Call("GET", "/api/providers", list[VendorRead])


def test_provider(provider_id: str) -> Call[VendorTested]:
    """Ask a vendor whether it would work; buys nothing.

    Answer within 20 s, with what the vendor said: the key good or refused, the model known, and until when.
    """
    return Call("POST", "/api/providers/{provider_id}/test", VendorTested, values={"provider_id": provider_id})


def list_tokens() -> Call[list[TokenRead]]:
    """List the tokens, newest first; needs admin.

    Revoked ones too. The tokens themselves are not kept.
    """
    return Call("GET", "/api/tokens", list[TokenRead])


def create_token(body: TokenCreate) -> Call[TokenMade]:
    """Make a token; needs admin.

    The secret is in this answer and nowhere else.
    """
    return Call("POST", "/api/tokens", TokenMade, body=body)


def revoke_token(token_id: str) -> Call[None]:
    """Make a token useless; needs admin.

    From now on. It stays in the list.
    """
    return Call("DELETE", "/api/tokens/{token_id}", None, values={"token_id": token_id})
