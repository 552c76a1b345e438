"""Rules of a platform as data, and the check of a post against them. No platform is named here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mediaposter.media.facts import MediaFacts
from mediaposter.publishing.copy import Copy, Counting, length


class LinkPolicy(StrEnum):
    """What a platform does with links in the text."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    SEPARATE = "separate"  # shown as a link of its own, not in the text


@dataclass(frozen=True)
class TextRules:
    """Limits of the words. Lengths are in the units of `counting`; None means no limit, 0 means no such field."""

    counting: Counting = Counting.CODEPOINTS
    title_max: int | None = 0
    title_required: bool = False
    description_max: int | None = None
    hashtags_max: int | None = None
    links: LinkPolicy = LinkPolicy.ALLOWED
    first_comment: bool = False
    alt_text_max: int | None = 0
    forbidden: Sequence[str] = ()


@dataclass(frozen=True)
class MediaRules:
    """Limits of the media. Durations in seconds, sizes in bytes, sides in pixels; None or nothing means no limit.

    A channel that makes its own rendition of whatever comes names no containers and no codecs.
    """

    video_required: bool = False
    videos_max: int | None = 1
    duration_min: float | None = None
    duration_max: float | None = None
    size_max: int | None = None
    width_max: int | None = None
    height_max: int | None = None
    containers: Sequence[str] = ("mp4",)
    video_codecs: Sequence[str] = ("h264",)
    audio_codecs: Sequence[str] = ("aac",)


@dataclass(frozen=True)
class AccountRules:
    """How an account is named: `handle` is a regular expression of the whole handle, `hint` the same in words."""

    handle: str = r".+"
    hint: str = "as the platform shows it"


@dataclass(frozen=True)
class ChannelRules:
    """Everything a channel demands of a post, with where it stands and when it was read."""

    text: TextRules = field(default_factory=TextRules)
    media: MediaRules = field(default_factory=MediaRules)
    account: AccountRules = field(default_factory=AccountRules)
    source: str = ""
    read_on: date | None = None


@dataclass(frozen=True)
class Violation:
    """One broken rule: the field, the rule, what was found, and how to mend it."""

    field: str
    rule: str
    found: str
    fix: str


def check_copy(copy: Copy, rules: TextRules) -> list[Violation]:
    """Return every rule that `copy` breaks, empty when it may be posted."""
    broken: list[Violation] = []
    broken += _too_long("title", copy.title, rules.title_max, rules.counting)
    if rules.title_required and not copy.title.strip():
        broken.append(Violation("title", "a title is required", "none", "Write a title."))
    broken += _too_long("description", caption(copy, rules), rules.description_max, rules.counting)
    if copy.alt_text:
        broken += _too_long("alt_text", copy.alt_text, rules.alt_text_max, rules.counting)
    if rules.hashtags_max is not None and len(copy.hashtags) > rules.hashtags_max:
        over = len(copy.hashtags) - rules.hashtags_max
        broken.append(
            Violation(
                "hashtags", f"at most {rules.hashtags_max}", str(len(copy.hashtags)), f"Take {over} hashtags away."
            )
        )
    if rules.links is LinkPolicy.REFUSED and (copy.link or "http://" in copy.text() or "https://" in copy.text()):
        broken.append(
            Violation("description", "links are refused here", "a link", "Point to the link in the bio instead.")
        )
    for mark in rules.forbidden:
        for name, value in (("title", copy.title), ("description", copy.description)):
            if mark in value:
                broken.append(Violation(name, f"may not contain {mark!r}", mark, f"Take {mark!r} out."))
    return broken


def check_media(facts: MediaFacts | None, rules: MediaRules) -> list[Violation]:
    """Return every rule that the media break, empty when they may be posted. None stands for a post without media."""
    if facts is None or facts.video is None:
        if not rules.video_required:
            return []
        return [Violation("media", "a video is required", facts.kind if facts else "none", "Give the post a video.")]
    video = facts.video
    broken: list[Violation] = []
    duration = facts.duration
    if rules.duration_min is not None and duration < rules.duration_min:
        broken.append(
            Violation("duration", f"at least {rules.duration_min:g} s", f"{duration:.1f} s", "Make the video longer.")
        )
    if rules.duration_max is not None and duration > rules.duration_max:
        over = duration - rules.duration_max
        broken.append(
            Violation("duration", f"at most {rules.duration_max:g} s", f"{duration:.1f} s", f"Cut {over:.1f} s away.")
        )
    for name, found, limit, unit in (
        ("size", facts.size_bytes, rules.size_max, "bytes"),
        ("width", video.width, rules.width_max, "px"),
        ("height", video.height, rules.height_max, "px"),
    ):
        if limit is not None and found > limit:
            fix = "Encode it at a lower bit rate." if name == "size" else "Scale the video down."
            broken.append(Violation(name, f"at most {limit} {unit}", f"{found} {unit}", fix))
    containers = set(facts.container.split(","))
    if rules.containers and not containers & set(rules.containers):
        wanted = " or ".join(rules.containers)
        broken.append(
            Violation("container", f"must be {wanted}", facts.container, f"Convert it to {rules.containers[0]}.")
        )
    for name, found, allowed in (
        ("video codec", video.codec, rules.video_codecs),
        ("audio codec", facts.audio.codec if facts.audio else "", rules.audio_codecs),
    ):
        if allowed and found and found not in allowed:
            broken.append(Violation(name, f"must be {' or '.join(allowed)}", found, f"Convert it to {allowed[0]}."))
    return broken


def caption(copy: Copy, rules: TextRules) -> str:
    """Return the text that the platform will count: with the link unless the platform shows it on its own."""
    return (copy.model_copy(update={"link": None}) if rules.links is LinkPolicy.SEPARATE else copy).text()


def _too_long(name: str, value: str, limit: int | None, counting: Counting) -> list[Violation]:
    if limit is None or limit == 0:
        return []
    found = length(value, counting)
    if found <= limit:
        return []
    return [Violation(name, f"at most {limit} {counting}", str(found), f"Shorten it by {found - limit}.")]
