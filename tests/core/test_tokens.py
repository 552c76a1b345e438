"""Tokens: who may call the API, and how errors look to them."""

import stat
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, Field

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.logging import hide_secrets, redact, trace_of
from mediaposter.core.models import ApiToken
from mediaposter.core.tokens import Scope, authorize, create_token, local_token, revoke_token

pytestmark = pytest.mark.feature("ARCH-007")


class Thing(BaseModel):
    size: int = Field(ge=1)


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(prefix="/api")

    @router.get("/things")
    async def look() -> str:
        return "seen"

    @router.post("/things")
    async def change(thing: Thing) -> int:
        return thing.size

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the password is hunter2")

    @router.get("/unset")
    async def unset() -> None:
        raise NotConfiguredError("SOME_KEY", "There is no key.")

    app = FastAPI()
    problems.install(app)
    app.include_router(router, dependencies=[Depends(authorize)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def token(ctx: Context, scope: Scope) -> dict[str, str]:
    async with ctx.database.session() as session:
        secret, _ = await create_token(session, name="test", scope=scope)
    return {"Authorization": f"Bearer {secret}"}


async def test_without_a_token_nothing_is_answered(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/things")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_ERROR")


async def test_a_made_up_token_is_refused(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/things", headers={"Authorization": "Bearer mp_no"})).status_code == 401


async def test_a_read_token_may_look(api: httpx.AsyncClient, ctx: Context) -> None:
    assert (await api.get("/api/things", headers=await token(ctx, Scope.READ))).status_code == 200


async def test_a_read_token_may_not_change(api: httpx.AsyncClient, ctx: Context) -> None:
    answer = await api.post("/api/things", json={"size": 1}, headers=await token(ctx, Scope.READ))
    assert (answer.status_code, "--scope write" in answer.json()["fix"]) == (403, True)


async def test_a_write_token_may_change(api: httpx.AsyncClient, ctx: Context) -> None:
    assert (await api.post("/api/things", json={"size": 2}, headers=await token(ctx, Scope.WRITE))).json() == 2


async def test_a_revoked_token_is_refused(api: httpx.AsyncClient, ctx: Context) -> None:
    async with ctx.database.session() as session:
        secret, row = await create_token(session, name="test", scope=Scope.READ)
        await revoke_token(session, row.id)
    assert (await api.get("/api/things", headers={"Authorization": f"Bearer {secret}"})).status_code == 401


async def test_the_token_itself_is_not_stored(ctx: Context) -> None:
    async with ctx.database.session() as session:
        secret, row = await create_token(session, name="test", scope=Scope.READ)
        stored = await session.get(ApiToken, row.id)
    assert stored is not None
    assert secret not in str(vars(stored))


async def test_the_machines_own_token_is_private_and_works(api: httpx.AsyncClient, ctx: Context) -> None:
    secret = local_token(ctx.settings)
    mode = stat.S_IMODE((ctx.settings.home / "token").stat().st_mode)
    answer = await api.get("/api/things", headers={"Authorization": f"Bearer {secret}"})
    assert (mode, answer.status_code) == (0o600, 200)


async def test_bad_input_names_the_field_and_the_rule(api: httpx.AsyncClient, ctx: Context) -> None:
    answer = await api.post("/api/things", json={"size": 0}, headers=await token(ctx, Scope.WRITE))
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(e["field"], "greater than or equal to 1" in e["rule"]) for e in answer.json()["errors"]] == [
        ("size", True)
    ]


async def test_a_fault_of_ours_tells_nothing_of_itself(api: httpx.AsyncClient, ctx: Context) -> None:
    answer = await api.get("/api/broken", headers=await token(ctx, Scope.READ))
    assert (answer.status_code, "hunter2" in answer.text, len(answer.json()["trace_id"])) == (500, False, 32)


async def test_an_error_of_ours_says_what_to_do(api: httpx.AsyncClient, ctx: Context) -> None:
    answer = await api.get("/api/unset", headers=await token(ctx, Scope.READ))
    assert (answer.status_code, answer.json()["code"], "SOME_KEY" in answer.json()["fix"]) == (
        424,
        "NOT_CONFIGURED",
        True,
    )


async def test_an_unknown_route_is_a_problem_document_too(api: httpx.AsyncClient) -> None:
    answer = await api.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_the_callers_trace_is_kept(api: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await api.get("/nowhere", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.headers["x-trace-id"] == trace


@pytest.mark.parametrize("header", [None, "", "garbage", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
def test_without_a_valid_trace_a_new_one_begins(header: str | None) -> None:
    assert len(trace_of(header)) == 32


def test_a_log_line_carries_no_credential() -> None:
    line = hide_secrets(
        None, "info", {"api_key": "abc", "event": "Bearer abcdefgh12345678", "url": "postgres://a:pw@h/d"}
    )
    assert line == {"api_key": "[hidden]", "event": "[hidden]", "url": "postgres://a:[hidden]@h/d"}


def test_text_without_credentials_is_logged_as_it_is() -> None:
    assert redact("12:30 to http://host/path") == "12:30 to http://host/path"
