"""Commands about webhooks: where events are sent, and what became of each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError
from mediaposter.hooks import service
from mediaposter.hooks.models import DeliveryState, Endpoint
from mediaposter.hooks.schemas import DeliveryRead, EndpointRead

app = typer.Typer(help="Webhooks: events sent to your programs, signed.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Which = Annotated[str, typer.Argument(help="The webhook's id.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to send events.")],
    topic: Annotated[list[str] | None, typer.Option(help="A topic, or a beginning such as publication.*.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send events to an address. Its secret is shown once."""

    async def make(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        made, secret = await service.add_endpoint(
            session, url=url, topics=topic or ["*"], description=description, secrets=ctx.secrets, clock=ctx.clock
        )
        return EndpointRead.of(made, secret).model_dump(mode="json")

    _tell_secret(_run(make), as_json=as_json)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the webhooks; those that were disabled say why."""

    async def read(_: Context, session: AsyncSession) -> list[dict[str, Any]]:
        return [EndpointRead.of(one).model_dump(mode="json") for one in await service.list_endpoints(session)]

    found = _run(read)

    def human() -> None:
        if not found:
            out.print("No webhooks yet. Add one: mediaposter webhooks add https://example.com/events")
            return
        cells = (
            [one["id"], ", ".join(one["topics"]), one["disabled_reason"] or _failing(one), one["url"]] for one in found
        )
        print_table(("id", "topics", "state", "url"), cells)

    show(found, as_json=as_json, human=human)


@app.command("show")
def show_one(webhook: Which, as_json: AsJson = False) -> None:
    """Show a webhook: its address, topics and state. Without its secret."""

    async def read(_: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.get_endpoint(session, webhook))

    found = _run(read)

    def human() -> None:
        state = found["disabled_reason"] or _failing(found)
        named = {"url": found["url"], "topics": ", ".join(found["topics"]), "description": found["description"]}
        print_table(
            ("", ""), ([name, str(value)] for name, value in {"id": found["id"], "state": state, **named}.items())
        )

    show(found, as_json=as_json, human=human)


@app.command("edit")
def edit(
    webhook: Which,
    url: Annotated[str | None, typer.Option(help="Where to send events.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="A topic, or a beginning such as publication.*.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a webhook's address, topics or description; what is left out stays."""

    async def change(_: Context, session: AsyncSession) -> dict[str, Any]:
        made = await service.update_endpoint(session, webhook, url=url, topics=topic or None, description=description)
        return _told(made)

    made = _run(change)
    show(made, as_json=as_json, human=lambda: out.print(f"Events go to {made['url']}: {', '.join(made['topics'])}."))


@app.command("remove")
def remove(webhook: Which, as_json: AsJson = False) -> None:
    """Remove a webhook with its deliveries."""
    _run(lambda _, session: service.remove_endpoint(session, webhook))
    show({"id": webhook, "removed": True}, as_json=as_json, human=lambda: out.print("Removed."))


@app.command("enable")
def enable(webhook: Which, as_json: AsJson = False) -> None:
    """Send events to a webhook again; what it missed is sent by `replay`."""

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.enable(session, webhook, now=ctx.clock()))

    show(_run(change), as_json=as_json, human=lambda: out.print("Enabled."))


@app.command("disable")
def disable(webhook: Which, as_json: AsJson = False) -> None:
    """Send nothing more to a webhook."""

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        return _told(await service.disable(session, webhook, reason="By hand.", now=ctx.clock()))

    show(_run(change), as_json=as_json, human=lambda: out.print("Disabled."))


@app.command("rotate")
def rotate(webhook: Which, as_json: AsJson = False) -> None:
    """Give a webhook another secret; for a day both sign."""

    async def change(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        made, secret = await service.rotate_secret(session, webhook, secrets=ctx.secrets, clock=ctx.clock)
        return EndpointRead.of(made, secret).model_dump(mode="json")

    _tell_secret(_run(change), as_json=as_json)


@app.command("test")
def send_test(webhook: Which, as_json: AsJson = False) -> None:
    """Send a webhook a test message; `deliveries` shows whether it has arrived."""

    async def send(ctx: Context, session: AsyncSession) -> dict[str, Any]:
        made = await service.send_test(session, webhook, clock=ctx.clock)
        return DeliveryRead.model_validate(made).model_dump(mode="json")

    where = f"mediaposter webhooks deliveries {webhook}"
    show(_run(send), as_json=as_json, human=lambda: out.print(f"On its way. See: {where}"))


@app.command("deliveries")
def deliveries(
    webhook: Which,
    state: Annotated[DeliveryState | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 30,
    as_json: AsJson = False,
) -> None:
    """List a webhook's messages with the last answer of each, newest first."""

    async def read(_: Context, session: AsyncSession) -> list[dict[str, Any]]:
        found = await service.list_deliveries(session, webhook, state=state, limit=limit)
        return [DeliveryRead.model_validate(one).model_dump(mode="json") for one in found]

    found = _run(read)

    def cells(one: dict[str, Any]) -> list[str]:
        last = one["trail"][-1] if one["trail"] else {}
        answer = f"{last['status'] or ''} {last['told']}".strip()[:60] if last else ""
        return [one["id"], one["topic"], one["state"], str(one["tries"]), answer]

    columns = ("id", "topic", "state", "tries", "last answer")
    show(found, as_json=as_json, human=lambda: print_table(columns, map(cells, found)))


@app.command("replay")
def replay(
    webhook: Which,
    delivery: Annotated[str | None, typer.Option(help="One message.")] = None,
    since: Annotated[str | None, typer.Option(help="A moment with its zone, such as 2026-11-23T10:00:00Z.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that had arrived.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send messages again, with the same ids and bodies; by default those that failed."""
    moment = None
    if since is not None:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError as error:
            raise InvalidInputError(f"{since!r} is not a moment.", fix="Write it as 2026-11-24T07:00:00Z.") from error
        if moment.tzinfo is None:
            raise InvalidInputError(f"{since!r} has no zone.", fix="Add Z or the offset.")

    async def again(ctx: Context, session: AsyncSession) -> dict[str, int]:
        number = await service.replay(
            session, webhook, delivery_id=delivery, since=moment, failed_only=not everything, clock=ctx.clock
        )
        return {"replayed": number}

    done = _run(again)
    show(done, as_json=as_json, human=lambda: out.print(f"{done['replayed']} messages are sent again."))


def _told(endpoint: Endpoint) -> dict[str, Any]:
    return EndpointRead.of(endpoint).model_dump(mode="json")


def _tell_secret(made: dict[str, Any], *, as_json: bool) -> None:
    def human() -> None:
        out.print(f"Webhook  {made['id']}")
        out.print(f"Secret   {made['secret']}")
        out.print("It is shown this once; docs/guides/webhooks.md shows how to verify with it.")

    show(made, as_json=as_json, human=human)


def _failing(one: dict[str, Any]) -> str:
    return f"failing since {one['failing_since'][:16]}" if one["failing_since"] else "on"


def _run(do: Callable[[Context, AsyncSession], Awaitable[Any]]) -> Any:
    async def act() -> Any:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return await do(ctx, session)

    return asyncio.run(act())
