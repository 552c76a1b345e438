"""The operations of webhooks. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.hooks.models import DeliveryState
from mediaposter.hooks.schemas import (
    DeliveryRead,
    EndpointCreate,
    EndpointRead,
    EndpointUpdate,
    Replayed,
    ReplayRequest,
)


def add(body: EndpointCreate) -> Call[EndpointRead]:
    """Send events to an address.

    Signed by Standard Webhooks; the secret is in this answer and nowhere else.
    """
    return Call("POST", "/api/webhooks", EndpointRead, body=body)


def list_all() -> Call[list[EndpointRead]]:
    """List the webhooks, newest first.

    Those that were disabled say why.
    """
    return Call("GET", "/api/webhooks", list[EndpointRead])


def show(webhook_id: str) -> Call[EndpointRead]:
    """Show one webhook.

    Without its secret.
    """
    return Call("GET", "/api/webhooks/{webhook_id}", EndpointRead, values={"webhook_id": webhook_id})


def update(webhook_id: str, body: EndpointUpdate) -> Call[EndpointRead]:
    """Change a webhook's address, topics or description.

    What is left out stays, its secret too.
    """
    return Call("PATCH", "/api/webhooks/{webhook_id}", EndpointRead, values={"webhook_id": webhook_id}, body=body)


def remove(webhook_id: str) -> Call[None]:
    """Remove a webhook.

    With its deliveries.
    """
    return Call("DELETE", "/api/webhooks/{webhook_id}", None, values={"webhook_id": webhook_id})


def enable(webhook_id: str) -> Call[EndpointRead]:
    """Send events to a webhook again.

    From now on; what it missed is sent by a replay.
    """
    return Call("POST", "/api/webhooks/{webhook_id}/enable", EndpointRead, values={"webhook_id": webhook_id})


def disable(webhook_id: str) -> Call[EndpointRead]:
    """Send nothing more to a webhook.

    What waits for it is given up and can be replayed.
    """
    return Call("POST", "/api/webhooks/{webhook_id}/disable", EndpointRead, values={"webhook_id": webhook_id})


def rotate(webhook_id: str) -> Call[EndpointRead]:
    """Give a webhook another secret.

    For a day both sign.
    """
    return Call("POST", "/api/webhooks/{webhook_id}/rotate", EndpointRead, values={"webhook_id": webhook_id})


def test(webhook_id: str) -> Call[DeliveryRead]:
    """Send a webhook a test message.

    Its delivery tells whether it has arrived.
    """
    return Call("POST", "/api/webhooks/{webhook_id}/test", DeliveryRead, values={"webhook_id": webhook_id})


def deliveries(
    webhook_id: str, *, state: DeliveryState | None = None, limit: int = 50, before: str | None = None
) -> Call[list[DeliveryRead]]:
    """List a webhook's messages, newest first.

    Each with every try and its answer. `before` is the id of the last one of the page before.
    """
    return Call(
        "GET",
        "/api/webhooks/{webhook_id}/deliveries",
        list[DeliveryRead],
        values={"webhook_id": webhook_id},
        query={"state": state, "limit": limit, "before": before},
    )


def replay(webhook_id: str, body: ReplayRequest) -> Call[Replayed]:
    """Send messages again.

    With the same ids and bodies.
    """
    return Call("POST", "/api/webhooks/{webhook_id}/replay", Replayed, values={"webhook_id": webhook_id}, body=body)
