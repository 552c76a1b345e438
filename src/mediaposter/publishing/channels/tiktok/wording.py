"""How a post is made, and what TikTok is told of it."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import RejectedError
from mediaposter.publishing.rules import LinkPolicy, TextRules, caption

TEXT = TextRules(
    counting=Counting.UTF16,
    title_max=90,
    description_max=2200,
    links=LinkPolicy.REFUSED,  # they are not clickable, and TikTok refuses some
)


class Privacy(StrEnum):
    """Who may see a post."""

    PUBLIC_TO_EVERYONE = "PUBLIC_TO_EVERYONE"
    MUTUAL_FOLLOW_FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
    FOLLOWER_OF_CREATOR = "FOLLOWER_OF_CREATOR"
    SELF_ONLY = "SELF_ONLY"


class TikTokTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["direct", "inbox"] = Field(
        default="direct", description="On the profile, or into the creator's inbox, to be finished in the app."
    )
    privacy: Privacy = Field(default=Privacy.PUBLIC_TO_EVERYONE, description="Who may see it.")
    disable_comment: bool = Field(default=False, description="Nobody may comment.")
    disable_duet: bool = Field(default=False, description="Nobody may make a duet of it.")
    disable_stitch: bool = Field(default=False, description="Nobody may stitch it.")
    branded_content: bool = Field(default=False, description="It promotes somebody else's business for money.")
    own_brand: bool = Field(default=False, description="It promotes the creator's own business.")
    auto_add_music: bool = Field(default=False, description="TikTok adds music to pictures.")


def video(outgoing: Outgoing, target: TikTokTarget, may: JsonObject) -> JsonObject:
    """Return what is told of a video that goes onto the profile."""
    info: JsonObject = {
        "title": caption(outgoing.copy, TEXT),
        "privacy_level": target.privacy,
        "disable_comment": target.disable_comment or may["comment_disabled"],
        "disable_duet": target.disable_duet or may["duet_disabled"],
        "disable_stitch": target.disable_stitch or may["stitch_disabled"],
        "brand_content_toggle": target.branded_content,
        "brand_organic_toggle": target.own_brand,
        "is_aigc": outgoing.generated,
    }
    if outgoing.copy.thumbnail_at is not None:
        info["video_cover_timestamp_ms"] = round(outgoing.copy.thumbnail_at * 1000)
    return info


def pictures(outgoing: Outgoing, target: TikTokTarget, prepared: JsonObject) -> JsonObject:
    """Return what is told of pictures: where they are fetched from, and how they are shown."""
    info: JsonObject = {"title": outgoing.copy.title, "description": caption(outgoing.copy, TEXT)}
    if target.mode == "direct":
        info |= {
            "privacy_level": target.privacy,
            "disable_comment": target.disable_comment or prepared["may"]["comment_disabled"],
            "auto_add_music": target.auto_add_music,
            "brand_content_toggle": target.branded_content,
            "brand_organic_toggle": target.own_brand,
        }
    return {
        "post_info": info,
        "source_info": {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": prepared["pictures"]},
        "post_mode": "DIRECT_POST" if target.mode == "direct" else "MEDIA_UPLOAD",
        "media_type": "PHOTO",
    }


def refuse_what_the_creator_may_not(target: TikTokTarget, may: dict[str, Any]) -> None:
    """Raise RejectedError for what the account does not allow."""
    allowed = [str(one) for one in may.get("privacy_level_options", [])]
    if target.mode == "direct" and allowed and target.privacy not in allowed:
        raise RejectedError(
            f"The account does not allow {target.privacy}, only {', '.join(allowed)}.",
            fix=f"Set it: mediaposter accounts set ACCOUNT privacy={allowed[0]}",
        )
    if target.branded_content and target.privacy is Privacy.SELF_ONLY:
        raise RejectedError("Branded content cannot be private.", fix="Choose another `privacy`.")


def switches(may: dict[str, Any]) -> JsonObject:
    """Return what the creator has switched off for every post."""
    return {name: bool(may.get(name)) for name in ("comment_disabled", "duet_disabled", "stitch_disabled")}
