"""How a video is published, and what YouTube is told of it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.errors import RejectedError
from mediaposter.publishing.rules import TextRules, caption

_TAGS_MAX = 500  # characters of all tags, with a comma between two and quotes around those with a space


class YouTubeTarget(BaseModel):
    """How a video is published."""

    model_config = ConfigDict(extra="forbid")

    privacy: Literal["public", "unlisted", "private"] = Field(default="public", description="Who may see it.")
    category: str = Field(default="22", pattern=r"^\d{1,3}$", description="Number of the category; 22: People & Blogs.")
    made_for_kids: bool = Field(default=False, description="It is made for kids, who get no comments and no ads.")
    notify_subscribers: bool = Field(default=True, description="Tell the subscribers.")
    tags: list[str] = Field(default=[], description="Tags beside the hashtags.")
    language: str | None = Field(default=None, description="Language of title and description, such as en.")
    embeddable: bool = Field(default=True, description="Other sites may show it.")
    license: Literal["youtube", "creativeCommon"] = Field(default="youtube", description="Under which license.")
    long_uploads: bool = Field(default=False, description="The channel may post videos of more than 15 minutes.")


def video(outgoing: Outgoing, target: YouTubeTarget) -> JsonObject:
    """Return what is told of the video."""
    snippet: dict[str, Any] = {
        "title": outgoing.copy.title.strip(),
        "description": caption(outgoing.copy, TextRules()),
        "tags": _tags(outgoing, target),
        "categoryId": target.category,
    }
    if target.language:
        snippet |= {"defaultLanguage": target.language, "defaultAudioLanguage": target.language}
    status: dict[str, Any] = {
        "privacyStatus": target.privacy,
        "selfDeclaredMadeForKids": target.made_for_kids,
        "embeddable": target.embeddable,
        "license": target.license,
        "containsSyntheticMedia": outgoing.generated,
    }
    return {"snippet": snippet, "status": status}


def comment(outgoing: Outgoing) -> JsonObject:
    """Return what is told of a comment under a video."""
    assert outgoing.under is not None
    words = {"snippet": {"textOriginal": outgoing.copy.description}}
    return {
        "snippet": {
            "channelId": outgoing.account.external_id,
            "videoId": outgoing.under.external_id,
            "topLevelComment": words,
        }
    }


def check_tags(outgoing: Outgoing, target: YouTubeTarget) -> None:
    """Raise RejectedError when the tags together are longer than YouTube takes."""
    tags = _tags(outgoing, target)
    found = sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)
    if found > _TAGS_MAX:
        raise RejectedError(
            f"All tags together have {found} characters, and YouTube takes {_TAGS_MAX}.",
            fix="Take some hashtags of the post or `tags` of the account away.",
        )


def _tags(outgoing: Outgoing, target: YouTubeTarget) -> list[str]:
    return list(dict.fromkeys([*outgoing.copy.hashtags, *target.tags]))
