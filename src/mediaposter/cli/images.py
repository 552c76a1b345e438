"""Commands about pictures that models draw."""

import asyncio
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.media import service as media
from mediaposter.models.images import Picture, buy_picture, fit, image_model, order_of
from mediaposter.models.purchases import list_purchases

app = typer.Typer(help="Pictures that a model draws: thumbnails, backgrounds.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@dataclass(frozen=True)
class _Result:
    """What came of it. Amounts in millionths of a US dollar."""

    model: str
    size: str
    drawn_in: str
    price_micros: int
    price: str
    had_before: bool
    cost_micros: int | None = None
    file: str | None = None
    asset_id: str | None = None
    purchase: str = ""


@app.command("draw")
def draw(
    prompt: Annotated[str, typer.Argument(help="What the picture shows.")],
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "1280x720",
    file: Annotated[
        Path | None, typer.Option("--out", help="Where to write it, .png or .jpg; it is in the library anyway.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Instead of MEDIAPOSTER_IMAGE_MODEL: vendor:model.")] = None,
    variation: Annotated[int, typer.Option(min=0, help="Another number buys another picture of the prompt.")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="Buy it once more where nobody knows whether an earlier order was made.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say the price and buy nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a picture, once: the same prompt, size and model never cost a second time."""
    width, height = _sides(size)
    picture = Picture(prompt, width, height, variation)
    if file is not None and file.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise _invalid("out", "ends in .png or .jpg")

    async def run() -> _Result:
        settings = command_settings()
        drawer = image_model(settings, model)
        order = order_of(drawer, picture)
        async with machine(settings) as ctx:
            had = await ctx.storage.exists(order.storage_key)
            told = _Result(
                drawer.name,
                f"{width}x{height}",
                drawer.form(picture),
                0 if had else order.price.micros,
                "nothing, it was bought before" if had else str(order.price),
                had,
                purchase=order.key,
            )
            if dry_run:
                return told
            if not as_json:
                out.print(f"Price: {told.price}")
            bought = await buy_picture(ctx, drawer, picture, again=again)
            fitted = ctx.storage.scratch(file.suffix.lower() if file else ".png")
            try:
                await fit(bought.path, fitted, width=width, height=height)
                if file is not None:
                    file.write_bytes(fitted.read_bytes())
                async with ctx.database.session() as session:
                    asset = await media.adopt(session, fitted, storage=ctx.storage, origin=drawer.name)
            finally:
                fitted.unlink(missing_ok=True)
            where = str(file or await media.local_path(asset, storage=ctx.storage))
            return replace(told, cost_micros=bought.cost_micros, file=where, asset_id=asset.id)

    found = asyncio.run(run())

    def human() -> None:
        if dry_run:
            out.print(f"{found.model} draws it in {found.drawn_in}. Price: {found.price}.")
        else:
            cost = (found.cost_micros or 0) / 1_000_000
            out.print(f"{found.file}\nDrawn by {found.model} for {cost:.4f} USD. Asset {found.asset_id}.")

    show(asdict(found), as_json=as_json, human=human)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List what models were paid for, the newest first: pictures and speech, with what each has cost."""

    async def read() -> list[dict[str, object]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return [
                {
                    "created_at": row.created_at,
                    "kind": row.kind.value,
                    "state": row.state.value,
                    "cost_usd": row.cost_micros / 1_000_000,
                    "model": row.model,
                    "text": str(row.request.get("prompt") or row.request.get("text") or ""),
                }
                for row in await list_purchases(session)
            ]

    found = asyncio.run(read())

    def human() -> None:
        rows = [
            [f"{row['created_at']:%Y-%m-%d %H:%M}", Text(str(row["kind"])), str(row["state"]),
             f"{row['cost_usd']:.4f}", str(row["model"]), str(row["text"])]
            for row in found
        ]  # fmt: skip
        print_table(["when (UTC)", "kind", "state", "USD", "model", "of"], rows)

    show(found, as_json=as_json, human=human)


def _sides(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", size.strip().lower())
    if match is None:
        raise _invalid("size", "is WIDTHxHEIGHT in pixels, such as 1280x720")
    return int(match[1]), int(match[2])


def _invalid(field: str, rule: str) -> InvalidInputError:
    return InvalidInputError(
        f"--{field} {rule}.", fix=f"Change --{field}.", errors=[FieldProblem(field, rule, f"Change --{field}.")]
    )
