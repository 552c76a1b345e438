"""The operations of images. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.models.schemas import DrawnRead, DrawRequest, PurchaseRead


def draw(body: DrawRequest) -> Call[DrawnRead]:
    """Draw a picture by the image model, once.

    Draw it and wait, up to a few minutes; the same prompt, size and model cost nothing a second time.
    """
    return Call("POST", "/api/images", DrawnRead, body=body)


def purchases(*, limit: int = 50) -> Call[list[PurchaseRead]]:
    """What models were paid for, the newest first.

    List pictures and speech with their cost and state; `unknown` is an order whose answer was lost.
    """
    return Call("GET", "/api/purchases", list[PurchaseRead], query={"limit": limit})
