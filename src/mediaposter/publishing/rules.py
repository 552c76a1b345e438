"""Rules of a platform as data, and the check of words against them. No platform is named here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

import regex

from mediaposter.publishing.copy import Copy, Counting, length

_LINK = regex.compile(r"https?://\S+")
_HASHTAG = regex.compile(r"(?<![\w#&/])#\w*\p{L}\w*")
_MENTION = regex.compile(r"(?<![\w@./])@\w+")


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
    description_bytes_max: int | None = None  # in UTF-8, beside the limit in the units of `counting`
    caption_max: int | None = None  # of the description where media are attached; None: as without
    hashtags_max: int | None = None
    mentions_max: int | None = None  # of @names in the text
    links: LinkPolicy = LinkPolicy.ALLOWED
    links_max: int | None = None  # in the text, where they are allowed
    first_comment: bool = False
    comment_max: int | None = None  # of the first comment; None: as long as the description
    thread_max: int = 0  # further posts under the first one
    thread_in_one: bool = False  # the whole thread goes out with the first post's call, not as posts of their own
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
    height_min: int | None = None
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
    height_min: int | None = None
    ratio_min: float | None = None
    ratio_max: float | None = None
    fps_min: float | None = None
    fps_max: float | None = None
    bit_rate_max: int | None = None
    containers: Sequence[str] = ("mp4",)
    video_codecs: Sequence[str] = ("h264",)
    audio_codecs: Sequence[str] = ("aac",)
    moov_first: bool = True
    hdr: bool = False  # HDR is shown as such; else it is tone-mapped
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
    """One broken rule: the field, the rule, what was found, how to mend it, and a code for programs."""

    field: str
    rule: str
    found: str
    fix: str
    code: str = "RULE_BROKEN"


def check_copy(copy: Copy, rules: TextRules, *, media: bool = False) -> list[Violation]:
    """Return every rule that `copy` breaks, empty when it may be posted. `media` says that some are attached."""
    broken = _check_title(copy, rules)
    broken += _too_long("description", caption(copy, rules), rules.beside(media=media).description_max, rules.counting)
    broken += _too_long("description", caption(copy, rules), rules.description_bytes_max, Counting.UTF8)
    if copy.alt_text:
        broken += _too_long("alt_text", copy.alt_text, rules.alt_text_max, rules.counting)
    broken += _check_hashtags(copy, rules)
    broken += _check_mentions(copy, rules)
    broken += _check_links(copy.text() if rules.links is not LinkPolicy.SEPARATE else copy.description, rules)
    for name, value in (("title", copy.title if rules.title_max != 0 else ""), ("description", copy.description)):
        broken += _check_marks(name, value, rules)
    if copy.first_comment and rules.first_comment:
        broken += check_part("first_comment", copy.first_comment, rules, longest=rules.comment_max)
    if rules.thread_max:
        broken += _check_thread(copy.thread, rules)
    return broken


def check_part(name: str, text: str, rules: TextRules, *, longest: int | None = None) -> list[Violation]:
    """Return every rule that a further post of a thread, or a comment, breaks. `longest` is its own limit, if any."""
    broken = _too_long(name, text, rules.description_max if longest is None else longest, rules.counting)
    return broken + _check_links(text, rules, name=name) + _check_marks(name, text, rules)


def caption(copy: Copy, rules: TextRules) -> str:
    """Return the text that the platform will count: with the link unless the platform shows it on its own."""
    return (copy.model_copy(update={"link": None}) if rules.links is LinkPolicy.SEPARATE else copy).text()


def _check_title(copy: Copy, rules: TextRules) -> list[Violation]:
    broken = _too_long("title", copy.title, rules.title_max, rules.counting)
    if rules.title_required and not copy.title.strip():
        broken.append(Violation("title", "a title is required", "none", "Write a title.", "TITLE_REQUIRED"))
    return broken


def _check_hashtags(copy: Copy, rules: TextRules) -> list[Violation]:
    broken: list[Violation] = []
    most = rules.hashtags_max
    found = len(copy.hashtags) + len(_HASHTAG.findall(copy.description))
    if most is not None and found > most:
        fix = f"Take {found - most} hashtags away."
        broken.append(Violation("hashtags", f"at most {most}", str(found), fix, "TOO_MANY_HASHTAGS"))
    for tag in copy.hashtags:
        if not tag or "#" in tag or any(character.isspace() for character in tag):
            fix = "Write it without # and without spaces."
            broken.append(Violation("hashtags", "one word without #", repr(tag), fix, "HASHTAG_FORM"))
    return broken


def _check_mentions(copy: Copy, rules: TextRules) -> list[Violation]:
    found = len(_MENTION.findall(copy.description))
    if rules.mentions_max is None or found <= rules.mentions_max:
        return []
    fix = f"Take {found - rules.mentions_max} mentions away."
    return [Violation("description", f"at most {rules.mentions_max} mentions", str(found), fix, "TOO_MANY_MENTIONS")]


def _check_links(text: str, rules: TextRules, *, name: str = "description") -> list[Violation]:
    found = len(_LINK.findall(text))
    if rules.links is LinkPolicy.REFUSED and found:
        fix = "Point to the link in the bio instead."
        return [Violation(name, "links are refused here", "a link", fix, "LINK_REFUSED")]
    if rules.links_max is not None and found > rules.links_max:
        fix = f"Take {found - rules.links_max} links away."
        return [Violation(name, f"at most {rules.links_max} links", str(found), fix, "TOO_MANY_LINKS")]
    return []


def _check_marks(name: str, value: str, rules: TextRules) -> list[Violation]:
    return [
        Violation(name, f"may not contain {mark!r}", mark, f"Take {mark!r} out.", "FORBIDDEN_TEXT")
        for mark in rules.forbidden
        if mark in value
    ]


def _check_thread(thread: Sequence[str], rules: TextRules) -> list[Violation]:
    broken: list[Violation] = []
    if len(thread) > rules.thread_max:
        fix = f"Take {len(thread) - rules.thread_max} parts away, or put some together."
        rule = f"at most {rules.thread_max} further posts"
        broken.append(Violation("thread", rule, str(len(thread)), fix, "THREAD_TOO_LONG"))
    for number, text in enumerate(thread, start=1):
        broken += check_part(f"thread.{number}", text, rules)
        if not text.strip():
            broken.append(Violation(f"thread.{number}", "words are required", "none", "Write some.", "TEXT_REQUIRED"))
    return broken


def _too_long(name: str, value: str, limit: int | None, counting: Counting) -> list[Violation]:
    if limit is None or limit == 0:
        return []
    found = length(value, counting)
    if found <= limit:
        return []
    fix = f"Shorten it by {found - limit}."
    return [Violation(name, f"at most {limit} {counting}", str(found), fix, "TEXT_TOO_LONG")]
