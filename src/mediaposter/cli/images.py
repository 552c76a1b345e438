"""Commands about pictures that models draw."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.media import service as media
from mediaposter.models.drawing import Quote, quote
from mediaposter.models.drawing import draw as draw_picture
from mediaposter.models.images import Picture, image_model
from mediaposter.models.purchases import list_purchases

app = typer.Typer(help="Pictures that a model draws: thumbnails, backgrounds.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


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

    async def run() -> tuple[dict[str, Any], Quote]:
        settings = command_settings()
        drawer = image_model(settings, model)
        async with machine(settings) as ctx:
            quoted = await quote(ctx, drawer, picture)
            told = {
                "model": quoted.model,
                "size": quoted.size,
                "drawn_in": quoted.drawn_in,
                "price_micros": quoted.price.micros,
                "price_listed": quoted.price.listed,
                "had_before": quoted.had_before,
                "purchase": quoted.purchase,
            }
            if dry_run:
                return told, quoted
            if not as_json:
                out.print(f"Price: {_price(quoted)}")
            suffix = file.suffix.lower() if file is not None else ".png"
            asset, cost = await draw_picture(ctx, drawer, picture, again=again, suffix=suffix)
            path = await media.local_path(asset, storage=ctx.storage)
            if file is not None:
                shutil.copyfile(path, file)
            return told | {"cost_micros": cost, "file": str(file or path), "asset_id": asset.id}, quoted

    found, quoted = asyncio.run(run())

    def human() -> None:
        if dry_run:
            out.print(f"{quoted.model} draws it in {quoted.drawn_in}. Price: {_price(quoted)}")
        else:
            cost = found["cost_micros"] / 1_000_000
            out.print(f"{found['file']}\nDrawn by {quoted.model} for {cost:.4f} USD. Asset {found['asset_id']}.")

    show(found, as_json=as_json, human=human)


def _price(quoted: Quote) -> str:
    return "nothing, it was bought before" if quoted.had_before else str(quoted.price)


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
