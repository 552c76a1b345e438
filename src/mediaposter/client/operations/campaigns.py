"""The operations of campaigns. Written by `make docs` from the routes; do not edit."""

from mediaposter.campaigns.routes import CampaignMade
from mediaposter.campaigns.schemas import CampaignCreate, CampaignEdit, CampaignRead, TweetEdit, TweetRead
from mediaposter.client.calls import Call


def create(body: CampaignCreate) -> Call[CampaignMade]:
    """Begin a campaign of tweets.

    Its first tweet goes out in its next slot. With `dry_run` nothing is kept.
    """
    return Call("POST", "/api/campaigns", CampaignMade, body=body)


def list_all() -> Call[list[CampaignRead]]:
    """List the campaigns, newest first.

    Running, paused and ended ones.
    """
    return Call("GET", "/api/campaigns", list[CampaignRead])


def show(campaign_id: str) -> Call[CampaignRead]:
    """Show one campaign.

    With its plan, its state, and why it is so.
    """
    return Call("GET", "/api/campaigns/{campaign_id}", CampaignRead, values={"campaign_id": campaign_id})


def update(campaign_id: str, body: CampaignEdit) -> Call[CampaignRead]:
    """Change the plan of a campaign.

    What has gone out stays; what is still to come is planned anew. One that has ended answers 409.
    """
    return Call("PATCH", "/api/campaigns/{campaign_id}", CampaignRead, values={"campaign_id": campaign_id}, body=body)


def preview(campaign_id: str, *, limit: int = 12) -> Call[list[TweetRead]]:
    """Preview the next tweets.

    When each goes out, of what kind it is, whether it carries the link, what it will cost, and its words.
    """
    return Call(
        "GET",
        "/api/campaigns/{campaign_id}/next",
        list[TweetRead],
        values={"campaign_id": campaign_id},
        query={"limit": limit},
    )


def tweets(campaign_id: str, *, limit: int = 100) -> Call[list[TweetRead]]:
    """List the tweets that were made, the latest first.

    Skipped ones say why.
    """
    return Call(
        "GET",
        "/api/campaigns/{campaign_id}/tweets",
        list[TweetRead],
        values={"campaign_id": campaign_id},
        query={"limit": limit},
    )


def edit(campaign_id: str, number: int, body: TweetEdit) -> Call[TweetRead]:
    """Give a tweet other words before it goes.

    Several texts are a thread. One that is out answers 409.
    """
    return Call(
        "PUT",
        "/api/campaigns/{campaign_id}/tweets/{number}",
        TweetRead,
        values={"campaign_id": campaign_id, "number": number},
        body=body,
    )


def skip(campaign_id: str, number: int) -> Call[TweetRead]:
    """Leave a tweet out.

    It stays as a record. One that is out answers 409.
    """
    return Call(
        "DELETE",
        "/api/campaigns/{campaign_id}/tweets/{number}",
        TweetRead,
        values={"campaign_id": campaign_id, "number": number},
    )


def pause(campaign_id: str) -> Call[CampaignRead]:
    """Let a campaign rest.

    What the ledger has already goes out.
    """
    return Call("POST", "/api/campaigns/{campaign_id}/pause", CampaignRead, values={"campaign_id": campaign_id})


def resume(campaign_id: str) -> Call[CampaignRead]:
    """Let a paused campaign go on.

    With its next slot; nothing is caught up with.
    """
    return Call("POST", "/api/campaigns/{campaign_id}/resume", CampaignRead, values={"campaign_id": campaign_id})


def end(campaign_id: str) -> Call[CampaignRead]:
    """End a campaign for good.

    Its tweets and their numbers stay.
    """
    return Call("POST", "/api/campaigns/{campaign_id}/end", CampaignRead, values={"campaign_id": campaign_id})
