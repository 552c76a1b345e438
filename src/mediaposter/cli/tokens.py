"""Commands about API tokens."""

import asyncio
from typing import Annotated

import typer

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show
from mediaposter.core import tokens as service
from mediaposter.core.tokens import Scope

app = typer.Typer(help="Tokens for the API.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use it, such as laptop.")],
    scope: Annotated[Scope, typer.Option(help="read: look. write: start and change. admin: everything.")] = Scope.READ,
    as_json: AsJson = False,
) -> None:
    """Make a token and show it, once."""

    async def make() -> tuple[str, str]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            secret, row = await service.create_token(session, name=name, scope=scope, clock=ctx.clock)
            return secret, row.id

    secret, token_id = asyncio.run(make())
    show(
        {"id": token_id, "name": name, "scope": scope.value, "token": secret},
        as_json=as_json,
        human=lambda: out.print(
            f"{secret}\nKeep it: it is not shown again. Take it back with `mediaposter tokens revoke {token_id}`."
        ),
    )


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the tokens. The tokens themselves are not kept."""

    async def read() -> list[dict[str, object]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return [
                {
                    "id": row.id,
                    "name": row.name,
                    "scopes": row.scopes,
                    "created_at": row.created_at,
                    "last_used_at": row.last_used_at,
                    "revoked_at": row.revoked_at,
                }
                for row in await service.list_tokens(session)
            ]

    found = asyncio.run(read())

    def human() -> None:
        for row in found:
            out.print(f"{row['id']}  {row['name']:<20} {'revoked' if row['revoked_at'] else ', '.join(row['scopes'])}")  # type: ignore[arg-type]
        if not found:
            out.print("No tokens yet. Make one: mediaposter tokens create NAME --scope write")

    show(found, as_json=as_json, human=human)


@app.command("revoke")
def revoke(token_id: str, as_json: AsJson = False) -> None:
    """Make a token useless from now on."""

    async def change() -> None:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.revoke_token(session, token_id, clock=ctx.clock)

    asyncio.run(change())
    show({"id": token_id, "revoked": True}, as_json=as_json, human=lambda: out.print(f"{token_id} is revoked."))
