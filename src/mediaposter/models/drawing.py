"""A picture from prompt to library: its price, the purchase, and the file in the size that was asked for."""

from dataclasses import dataclass

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.models import Asset
from mediaposter.models.images import ImageModel, Picture, buy_picture, fit, order_of
from mediaposter.models.prices import Price


@dataclass(frozen=True)
class Quote:
    """What a picture will cost. `drawn_in`: the vendor's size or ratio; `had_before`: it is there and costs nothing."""

    model: str
    size: str
    drawn_in: str
    price: Price
    had_before: bool
    purchase: str


async def quote(ctx: Context, model: ImageModel, picture: Picture) -> Quote:
    """Return what `picture` by `model` will cost at most. Asks nobody."""
    order = order_of(model, picture)
    had = await ctx.storage.exists(order.storage_key)
    price = Price(0) if had else order.price
    return Quote(model.name, f"{picture.width}x{picture.height}", model.form(picture), price, had, order.key)


async def draw(
    ctx: Context, model: ImageModel, picture: Picture, *, again: bool = False, suffix: str = ".png"
) -> tuple[Asset, int]:
    """Return the picture in exactly its size, as an asset of the library, and what this call cost in micros.

    `suffix` is .png or .jpg. Raises ModelErrors, and PurchaseUnknownError where an earlier answer was lost.
    """
    bought = await buy_picture(ctx, model, picture, again=again)
    fitted = ctx.storage.scratch(suffix)
    try:
        await fit(bought.path, fitted, width=picture.width, height=picture.height)
        async with ctx.database.session() as session:
            asset = await media.adopt(session, fitted, storage=ctx.storage, origin=model.name)
    finally:
        fitted.unlink(missing_ok=True)
    return asset, bought.cost_micros
