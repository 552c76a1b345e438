"""Where a post goes by way of Blotato: a platform, an account of it there, and what the platform wants to be told."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Outgoing


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account: str = Field(description="The account's id at Blotato; connecting finds it out.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:  # noqa: ARG002 - of those that tell more
        """Return what Blotato is told of the target, beside its kind."""
        return {}


class Twitter(_Target):
    """X."""

    platform: Literal["twitter"] = "twitter"
    premium: bool = Field(default=False, description="The account pays for Premium: texts of 25,000 instead of 280.")


class Instagram(_Target):
    """Instagram."""

    platform: Literal["instagram"] = "instagram"
    media_type: Literal["reel", "story"] = Field(default="reel", description="A reel or a story.")
    collaborators: list[str] = Field(default=[], max_length=3, description="Up to three handles, without @.")
    share_to_feed: bool = Field(default=True, description="Show a reel in the feed too.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what Blotato is told of the target, beside its kind."""
        told: dict[str, Any] = {"mediaType": self.media_type, "shareToFeed": self.share_to_feed}
        if self.collaborators:
            told["collaborators"] = self.collaborators
        if outgoing.copy.alt_text:
            told["altText"] = outgoing.copy.alt_text
        return told


class TikTok(_Target):
    """TikTok."""

    platform: Literal["tiktok"] = "tiktok"
    privacy: Literal["SELF_ONLY", "PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR"] = Field(
        default="PUBLIC_TO_EVERYONE", description="Who may see it."
    )
    disable_comment: bool = Field(default=False, description="Nobody may comment.")
    disable_duet: bool = Field(default=False, description="Nobody may make a duet of it.")
    disable_stitch: bool = Field(default=False, description="Nobody may stitch it.")
    branded_content: bool = Field(default=False, description="It promotes somebody else's business for money.")
    own_brand: bool = Field(default=False, description="It promotes the creator's own business.")
    auto_add_music: bool = Field(default=False, description="TikTok adds music to pictures.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what Blotato is told of the target, beside its kind."""
        told: dict[str, Any] = {
            "privacyLevel": self.privacy,
            "disabledComments": self.disable_comment,
            "disabledDuet": self.disable_duet,
            "disabledStitch": self.disable_stitch,
            "isBrandedContent": self.branded_content,
            "isYourBrand": self.own_brand,
            "isAiGenerated": outgoing.generated,
        }
        if self.auto_add_music:
            told["autoAddMusic"] = True
        if outgoing.copy.title:
            told["title"] = outgoing.copy.title[:89]
        if outgoing.copy.thumbnail_at is not None:
            told["videoCoverTimestamp"] = round(outgoing.copy.thumbnail_at * 1000)
        return told


class YouTube(_Target):
    """YouTube."""

    platform: Literal["youtube"] = "youtube"
    privacy: Literal["public", "unlisted", "private"] = Field(default="public", description="Who may see it.")
    notify_subscribers: bool = Field(default=True, description="Tell the subscribers.")
    made_for_kids: bool = Field(default=False, description="It is made for kids.")
    playlists: list[str] = Field(default=[], description="Ids of playlists to put it into.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what Blotato is told of the target, beside its kind."""
        told: dict[str, Any] = {
            "title": outgoing.copy.title,
            "privacyStatus": self.privacy,
            "shouldNotifySubscribers": self.notify_subscribers,
            "isMadeForKids": self.made_for_kids,
            "containsSyntheticMedia": outgoing.generated,
        }
        return told | ({"playlistIds": self.playlists} if self.playlists else {})


class Facebook(_Target):
    """A Facebook page."""

    platform: Literal["facebook"] = "facebook"
    page: str = Field(description="The page's id; connecting finds it out.")
    media_type: Literal["video", "reel"] = Field(default="video", description="What a video becomes.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what Blotato is told of the target, beside its kind."""
        return {"pageId": self.page} | ({"mediaType": self.media_type} if outgoing.asset_ids else {})


class LinkedIn(_Target):
    """A member of LinkedIn, or a page."""

    platform: Literal["linkedin"] = "linkedin"
    page: str | None = Field(default=None, description="The company page's id; without it the member posts.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:  # noqa: ARG002 - as the others
        """Return what Blotato is told of the target, beside its kind."""
        return {"pageId": self.page} if self.page else {}


class Pinterest(_Target):
    """A board of Pinterest."""

    platform: Literal["pinterest"] = "pinterest"
    board: str = Field(description="The board's id: see it with `mediaposter accounts test`.")

    def told(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what Blotato is told of the target, beside its kind."""
        told: dict[str, Any] = {"boardId": self.board}
        if outgoing.copy.title:
            told["title"] = outgoing.copy.title
        if outgoing.copy.alt_text:
            told["altText"] = outgoing.copy.alt_text
        if outgoing.copy.link:
            told["link"] = outgoing.copy.link
        return told


class Threads(_Target):
    """Threads."""

    platform: Literal["threads"] = "threads"
    replies: Literal["everyone", "accounts_you_follow", "mentioned_only"] = Field(
        default="everyone", description="Who may reply."
    )

    def told(self, outgoing: Outgoing) -> dict[str, Any]:  # noqa: ARG002 - as the others
        """Return what Blotato is told of the target, beside its kind."""
        return {"replyControl": self.replies}


class Bluesky(_Target):
    """Bluesky."""

    platform: Literal["bluesky"] = "bluesky"


Target = Annotated[
    Twitter | Instagram | TikTok | YouTube | Facebook | LinkedIn | Pinterest | Threads | Bluesky,
    Field(discriminator="platform"),
]


class BlotatoTarget(RootModel[Target]):
    """One of the platforms that Blotato posts to."""


_COVERS = {"youtube": "thumbnailUrl", "instagram": "coverImageUrl"}


def takes_cover(outgoing: Outgoing) -> bool:
    """Say whether a still picture goes with the post's video: where one was chosen and the platform takes it."""
    target = outgoing.target_as(BlotatoTarget).root
    story = isinstance(target, Instagram) and target.media_type == "story"
    return outgoing.copy.thumbnail_at is not None and target.platform in _COVERS and not story


def post(
    outgoing: Outgoing, *, text: str, media: list[str], cover: str | None = None, stills: bool = True
) -> JsonObject:
    """Return the body that posts these words and addresses of media on the account's target."""
    target = outgoing.target_as(BlotatoTarget).root
    told = target.told(outgoing)
    if isinstance(target, Instagram) and not stills:
        told.pop("altText", None)  # of pictures only
    if cover:
        told[_COVERS[target.platform]] = cover
    content: JsonObject = {"text": text, "mediaUrls": media, "platform": target.platform}
    if outgoing.copy.thread:
        content["additionalPosts"] = [{"text": part, "mediaUrls": []} for part in outgoing.copy.thread]
    return {
        "post": {
            "accountId": target.account,
            "content": content,
            "target": {"targetType": target.platform, **told},
        }
    }
