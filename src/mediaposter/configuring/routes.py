"""Settings, what is configured outside, and tokens over HTTP. Parse, call, answer."""

from fastapi import APIRouter, Depends, Response, status

from mediaposter.configuring import values, vendors
from mediaposter.configuring.schemas import (
    SettingRead,
    TokenCreate,
    TokenMade,
    TokenRead,
    VendorRead,
    VendorTested,
)
from mediaposter.core import context, tokens
from mediaposter.core.tokens import Scope, require

router = APIRouter(prefix="/api", tags=["settings"])
_ADMIN = [Depends(require(Scope.ADMIN))]


@router.get("/settings", summary="Every setting with its value; read only")
async def settings() -> list[SettingRead]:
    """They come from the environment and `.env` and are read when the server starts: change them there.

    Secrets are never shown, only whether they are set.
    """
    return values.list_settings(context.current().settings)


@router.get("/providers", summary="Everything outside that can be configured, and what it still needs")
async def providers() -> list[VendorRead]:
    """Video providers, models that write, draw, speak and listen, and the browser. Nobody is asked for this."""
    return vendors.list_vendors(context.current())


@router.post("/providers/{provider_id}/test", summary="Ask a vendor whether it would work; buys nothing")
async def test_provider(provider_id: str) -> VendorTested:
    """Answer within 20 s, with what the vendor said: the key good or refused, the model known, and until when."""
    return await vendors.ask_vendor(context.current(), provider_id)


@router.get("/tokens", summary="List the tokens, newest first; needs admin", dependencies=_ADMIN)
async def list_tokens() -> list[TokenRead]:
    """Revoked ones too. The tokens themselves are not kept."""
    async with context.current().database.session() as session:
        return [TokenRead.of(row) for row in await tokens.list_tokens(session)]


@router.post("/tokens", status_code=status.HTTP_201_CREATED, summary="Make a token; needs admin", dependencies=_ADMIN)
async def create_token(request: TokenCreate) -> TokenMade:
    """The secret is in this answer and nowhere else."""
    ctx = context.current()
    async with ctx.database.session() as session:
        secret, row = await tokens.create_token(session, name=request.name, scope=request.scope, clock=ctx.clock)
        return TokenMade(**TokenRead.of(row).model_dump(), token=secret)


@router.delete(
    "/tokens/{token_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Make a token useless; needs admin",
    dependencies=_ADMIN,
)
async def revoke_token(token_id: str) -> Response:
    """From now on. It stays in the list."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await tokens.revoke_token(session, token_id, clock=ctx.clock)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
