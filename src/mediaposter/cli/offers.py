"""Commands about offers: what is sold, and who clicked."""

import asyncio
import csv
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import err, out, print_table, show
from mediaposter.core.errors import InvalidInputError
from mediaposter.offers import report, service
from mediaposter.offers.codes import CodeFormat, code_of
from mediaposter.offers.report import By, Model
from mediaposter.offers.schemas import LinkRead, TrailRow
from mediaposter.offers.service import Imported
from mediaposter.offers.telling import in_units

app = typer.Typer(help="Offers: what you sell, and the clicks on it.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="The page of the offer.")],
    name: Annotated[str, typer.Option(help="What it is called.")] = "",
    cta: Annotated[str, typer.Option(help="The words that lead to it.")] = "See the offer",
    as_json: AsJson = False,
) -> None:
    """Add an offer."""

    async def make() -> dict[str, Any]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            offer = await service.create_offer(session, name=name or cta, url=url, cta=cta, clock=ctx.clock)
            return {"id": offer.id, "name": offer.name, "url": offer.url, "cta": offer.cta}

    offer = asyncio.run(make())
    show(offer, as_json=as_json, human=lambda: out.print(f"{offer['name']} is added ({offer['id']})."))


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the offers with the clicks on their links; robots are counted apart."""

    async def read() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            rows: list[dict[str, Any]] = []
            for offer in await service.list_offers(session):
                links = await service.list_links(session, offer_id=offer.id)
                counts = (await service.count_clicks(session, [link.id for link in links])).values()
                rows.append(
                    {
                        "id": offer.id,
                        "name": offer.name,
                        "url": offer.url,
                        "cta": offer.cta,
                        "links": len(links),
                        "clicks": sum(count.clicks for count in counts),
                        "visitors": sum(count.unique for count in counts),
                        "robots": sum(count.robots for count in counts),
                    }
                )
            return rows

    found = asyncio.run(read())

    def human() -> None:
        if not found:
            out.print(
                "No offers yet. Add one: mediaposter offers add https://example.com/course --cta 'Join the course'"
            )
            return
        columns = ("id", "links", "clicks", "visitors", "robots", "name", "url")
        print_table(columns, ([str(row[column]) for column in columns] for row in found))

    show(found, as_json=as_json, human=human)


@app.command("links")
def links(offer: Annotated[str, typer.Argument(help="The offer's id.")], as_json: AsJson = False) -> None:
    """List an offer's tracked links with the clicks on each."""

    async def read() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.get_offer(session, offer)
            found = await service.list_links(session, offer_id=offer)
            counts = await service.count_clicks(session, [link.id for link in found])
            base = ctx.settings.site_url
            return [LinkRead.of(link, counts[link.id], base).model_dump(mode="json") for link in found]

    found = asyncio.run(read())

    def human() -> None:
        columns = ("url", "clicks", "unique", "robots", "channel", "placement", "campaign", "publication_id")
        print_table(columns, ([str(row[column] or "") for column in columns] for row in found))

    show(found, as_json=as_json, human=human)


@app.command("code")
def code(
    link: Annotated[str, typer.Argument(help="The link's id or its slug.")],
    into: Annotated[Path, typer.Option("--out", "-o", help="The file to write: .svg or .png.")] = Path("link.svg"),
) -> None:
    """Write the QR code of a tracked link."""
    if into.suffix.lower() not in (".svg", ".png"):
        raise InvalidInputError(f"{into.name} is neither .svg nor .png.", fix="Name the file so: --out link.svg.")

    async def read() -> str:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            found = await service.find_link(session, link) or await service.get_link(session, link)
            return service.link_url(found.slug, ctx.settings.site_url)

    url = asyncio.run(read())
    into.write_bytes(code_of(url, format=CodeFormat(into.suffix.lower()[1:])))
    out.print(f"{into} leads to {url}")


@app.command("set-postback")
def set_postback(offer: Annotated[str, typer.Argument(help="The offer's id.")], as_json: AsJson = False) -> None:
    """Make the secret that postbacks of an offer are signed with. It is shown once; an earlier one ends."""

    async def make() -> dict[str, str]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            secret = await service.new_postback_secret(session, offer, secrets=ctx.secrets)
            return {"secret": secret, "url": f"{ctx.settings.site_url}/c/{offer}/postback"}

    made = asyncio.run(make())

    def human() -> None:
        out.print(f"Secret  {made['secret']}")
        out.print(f"URL     {made['url']}")
        out.print("docs/guides/offers.md shows how to sign.")

    show(made, as_json=as_json, human=human)


@app.command("set-stripe")
def set_stripe(
    offer: Annotated[str, typer.Argument(help="The offer's id.")],
    secret: Annotated[
        str, typer.Option(prompt="Signing secret (whsec_...)", hide_input=True, help="Of the endpoint in Stripe.")
    ],
) -> None:
    """Keep the signing secret of the Stripe endpoint that tells of an offer's sales."""

    async def keep() -> str:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.set_stripe_secret(session, offer, secret, secrets=ctx.secrets)
            return f"{ctx.settings.site_url}/c/{offer}/stripe"

    url = asyncio.run(keep())
    out.print(f"Kept. In Stripe, let the endpoint be {url}")
    out.print("with the events checkout.session.completed, checkout.session.async_payment_succeeded, charge.refunded.")


@app.command("import")
def import_file(
    offer: Annotated[str, typer.Argument(help="The offer's id.")],
    file: Annotated[Path, typer.Argument(help="CSV with a column id; see docs/guides/offers.md.", exists=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import conversions from a CSV file: all lines or none."""

    async def load() -> Imported:
        try:
            text = file.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{file.name} is not UTF-8.", fix="Save it as CSV in UTF-8.") from error
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            done = await service.import_conversions(session, offer, text, clock=ctx.clock)
            if dry_run:
                await session.rollback()
            return done

    done = asyncio.run(load())
    told = {**asdict(done), "problems": [asdict(one) for one in done.problems], "dry_run": dry_run}

    def human() -> None:
        for one in done.problems:
            err.print(f"{one.field}: {one.rule}. {one.fix}")
        what = "would be added" if dry_run else "added"
        out.print(f"{done.lines} lines: {done.added} {what}, {done.repeated} known, {done.unmatched} without a link.")

    show(told, as_json=as_json, human=human)
    if done.problems:
        raise typer.Exit(1)


@app.command("report")
def show_report(
    by: Annotated[By, typer.Option(help="What the rows are.")] = By.CHANNEL,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Of the last so many days.")] = 30,
    model: Annotated[Model, typer.Option(help="Which click a conversion is credited to.")] = Model.LAST,
    offer: Annotated[str | None, typer.Option(help="Of one offer.")] = None,
    dimension: Annotated[str | None, typer.Option(help="Of the recipe, with --by recipe.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show clicks, leads, sales and revenue by what brought them."""

    async def read() -> list[report.Row]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            until = ctx.clock()
            found = await report.report(
                session,
                by=by,
                since=until - timedelta(days=days),
                until=until,
                model=model,
                offer_id=offer,
                dimension=dimension,
                zone=ctx.settings.time_zone,
            )
            return list(found)

    rows = [asdict(row) for row in asyncio.run(read())]
    columns = ("name", "clicks", "unique", "robots", "leads", "sales", "refunds", "revenue", "impressions", "rpm")

    def human() -> None:
        if as_csv:
            sheet = csv.writer(sys.stdout)
            sheet.writerow(("key", *columns))
            sheet.writerows([row["key"], *(_cell(row[column]) for column in columns)] for row in rows)
        elif rows:
            print_table(columns, ([_cell(row[column]) for column in columns] for row in rows))
        else:
            out.print("Nobody clicked yet. Runs with --offer make a tracked link for each account.")

    show(rows, as_json=as_json, human=human)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{in_units(amount, currency)} {currency}" for currency, amount in value.items())
    return "" if value is None else str(value)


@app.command("trail")
def trail(
    fact: Annotated[
        str | None, typer.Argument(help="The id of a click or a conversion; without it, the newest.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show where clicks and conversions came from: publication, account, recipe, prompt and clip."""

    async def read() -> list[dict[str, Any]]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            found = await report.trail(session, fact_id=fact, limit=limit)
            return [TrailRow.model_validate(row).model_dump(mode="json") for row in found]

    rows = asyncio.run(read())

    def human() -> None:
        columns = ("at", "what", "account", "publication_id", "recipe", "prompts", "clip_ids")
        print_table(columns, map(_trail_cells, rows))

    show(rows, as_json=as_json, human=human)


def _trail_cells(row: dict[str, Any]) -> list[str]:
    return [
        row["at"][:19],
        row["what"],
        row["account"] or row["campaign"] or "",
        row["publication_id"] or "",
        ", ".join(f"{name} {value}" for name, value in (row["recipe"] or {}).items()),
        " | ".join(row["prompts"] or [])[:60],
        ", ".join(row["clip_ids"] or []),
    ]
