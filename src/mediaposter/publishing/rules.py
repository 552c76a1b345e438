"""Rules of a platform as data, and the check of a post against them. No platform is named here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from mediaposter.media.facts import MediaFacts, VideoFacts
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
    caption_max: int | None = None  # of the description where media are attached; None: as without
    hashtags_max: int | None = None
    links: LinkPolicy = LinkPolicy.ALLOWED
    links_max: int | None = None  # in the text, where they are allowed
    first_comment: bool = False
    comment_max: int | None = None  # of the first comment; None: as long as the description
    thread_max: int = 0  # further posts under the first one
    alt_text_max: int | None = 0
    forbidden: Sequence[str] = ()

    def beside(self, *, media: bool) -> "TextRules":
        """Return the rules of the words as they are with or without media: `description_max` is the one that counts."""
        return replace(self, description_max=self.caption_max) if media and self.caption_max is not None else self


@dataclass(frozen=True)
class ImageRules:
    """Limits of still pictures. Sizes in bytes, sides in pixels, ratios as width / height; formats as ffmpeg's codecs.

    What breaks them is mended by a rendition: scaled, padded, encoded anew in the first of `formats`.
    """

    formats: Sequence[str] = ("mjpeg", "png")  # codecs: mjpeg, png, webp, gif
    size_max: int | None = None
    width_max: int | None = None
    height_max: int | None = None
    width_min: int | None = None
    ratio_min: float | None = None
    ratio_max: float | None = None


@dataclass(frozen=True)
class MediaRules:
    """Limits of the media. Durations in seconds, sizes in bytes, sides in pixels, rates in bits or frames a second,
    ratios as width / height; None or nothing means no limit.

    What a rendition can mend (container, codecs, sides, ratio, rates, size, length) is mended before it is sent.
    A channel that makes its own rendition of whatever comes names no containers and no codecs.
    """

    media_required: bool = False
    video_required: bool = False
    videos_max: int | None = 1
    images_max: int = 0
    mixed: bool = False  # pictures and videos in one post
    together_max: int | None = None  # of both, where they may be mixed
    duration_min: float | None = None
    duration_max: float | None = None
    size_max: int | None = None
    width_max: int | None = None
    height_max: int | None = None
    width_min: int | None = None
    ratio_min: float | None = None
    ratio_max: float | None = None
    fps_min: float | None = None
    fps_max: float | None = None
    bit_rate_max: int | None = None
    containers: Sequence[str] = ("mp4",)
    video_codecs: Sequence[str] = ("h264",)
    audio_codecs: Sequence[str] = ("aac",)
    moov_first: bool = True
    image: ImageRules = field(default_factory=ImageRules)
    by_url: bool = False  # the platform fetches the media from an address that the world reaches


class LimitScope(StrEnum):
    """Whose posts a limit counts."""

    ACCOUNT = "account"
    CHANNEL = "channel"  # all accounts of the channel together: what the platform grants to one app


@dataclass(frozen=True)
class Limit:
    """At most `posts` within any `seconds`."""

    posts: int
    seconds: float
    scope: LimitScope = LimitScope.ACCOUNT
    source: str = ""


@dataclass(frozen=True)
class Price:
    """What the platform takes for one post, in millionths of the currency; more where it carries a link."""

    micros: int
    with_link_micros: int
    currency: str = "USD"
    source: str = ""


@dataclass(frozen=True)
class RepeatRules:
    """What the account must not show twice. `text_days` is how long a nearly identical text counts as a repetition."""

    media: bool = True
    text_days: int | None = 30


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
    limits: Sequence[Limit] = ()
    price: Price | None = None
    repeats: RepeatRules = field(default_factory=RepeatRules)
    discloses_ai: bool = False  # the platform has a flag for generated media, and it is set
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


def check_media(media: Sequence[MediaFacts], rules: MediaRules) -> list[Violation]:
    """Return every rule that the media break, empty when they may be posted."""
    broken = _check_number(media, rules)
    for facts in media:
        if facts.kind == "video" and facts.video is not None:
            broken += _check_video(facts, facts.video, rules)
    return broken


def _check_number(media: Sequence[MediaFacts], rules: MediaRules) -> list[Violation]:
    broken: list[Violation] = []
    videos = sum(facts.kind == "video" for facts in media)
    images = sum(facts.kind == "image" for facts in media)
    kinds = ", ".join(facts.kind for facts in media) or "none"
    if rules.video_required and not videos:
        broken.append(Violation("media", "a video is required", kinds, "Give the post a video."))
    elif rules.media_required and not videos + images:
        broken.append(Violation("media", "a picture or a video is required", kinds, "Give the post one."))
    for name, found, limit in (("videos", videos, rules.videos_max), ("pictures", images, rules.images_max)):
        if limit is not None and found > limit:
            rule = f"at most {limit} {name}" if limit else f"no {name}"
            broken.append(Violation("media", rule, f"{found} {name}", f"Take {found - limit} away."))
    if videos and images and not rules.mixed:
        broken.append(Violation("media", "pictures or a video, not both", kinds, "Leave one kind away."))
    if rules.together_max is not None and videos + images > rules.together_max:
        over = videos + images - rules.together_max
        broken.append(Violation("media", f"at most {rules.together_max}", str(videos + images), f"Take {over} away."))
    return broken


def _check_video(facts: MediaFacts, video: VideoFacts, rules: MediaRules) -> list[Violation]:
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
