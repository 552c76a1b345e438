"""Commands about offers: what is sold, and who clicked."""

import asyncio
from typing import Annotated, Any

import typer

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.offers import service

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
