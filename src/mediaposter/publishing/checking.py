"""The check of a whole post against a channel's rules: what is broken, and what is adapted before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from mediaposter.core.db import JsonObject
from mediaposter.media.canvas import Bounds, Style
from mediaposter.media.facts import MediaFacts
from mediaposter.media.fitting import FileLimits, plan_fit
from mediaposter.publishing.channel import Channel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.registry import rules_of
from mediaposter.publishing.rules import MediaRules, TextRules, Violation, caption, check_copy


@dataclass(frozen=True)
class Adaptation:
    """One thing that is made to fit before it is sent: the field, the rule, what it is, what it becomes."""

    field: str
    rule: str
    found: str
    becomes: str
    code: str


@dataclass(frozen=True)
class Findings:
    """What a check found. Only what is `broken` keeps a post from being sent."""

    broken: tuple[Violation, ...] = ()
    adapts: tuple[Adaptation, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is broken."""
        return not self.broken


def check_post(
    channel: Channel,
    target: JsonObject | None,
    copy: Copy,
    media: Sequence[MediaFacts],
    *,
    style: Style = "blur",
    cut: bool = True,
) -> Findings:
    """Return everything that is broken or adapted in a post on an account of `channel`. Reads nothing outside.

    `target` is the account's, overridden by the post's; None says nothing about it. `style` and `cut` are as the
    settings say.
    """
    rules = rules_of(channel, target or {})
    files = check_media(media, rules.media, style=style, cut=cut)
    broken = [] if target is None else check_target(channel, target)
    broken += [*check_copy(copy, rules.text, media=bool(media)), *files.broken]
    if not media and not caption(copy, rules.text).strip() and not copy.title.strip():
        broken.append(Violation("description", "words or media are required", "none", "Write some.", "TEXT_REQUIRED"))
    return Findings(tuple(broken), (*_left_away(copy, rules.text), *files.adapts))


def check_media(media: Sequence[MediaFacts], rules: MediaRules, *, style: Style = "blur", cut: bool = True) -> Findings:
    """Return what no rendition can mend in the media, and what one will."""
    broken = _check_number(media, rules)
    adapts: list[Adaptation] = []
    for place, facts in enumerate(media):
        if (facts.kind == "image" and not rules.images_max) or (facts.kind == "video" and rules.videos_max == 0):
            continue  # their number is broken already
        prefix = f"media.{place + 1}." if len(media) > 1 else ""
        if facts.kind == "audio":
            fix = "Give a video: a picture with this sound."
            broken.append(Violation(f"{prefix}media", "sound needs a picture", "sound alone", fix, "SOUND_ALONE"))
            continue
        broken += _check_least(facts, rules, prefix)
        fit = plan_fit(facts, limits_of(rules, facts), style=style, cut=cut)
        broken += [
            Violation(f"{prefix}{one.what}", one.limit, one.found, one.fix, f"MEDIA_{one.what.upper()}")
            for one in fit.obstacles
        ]
        adapts += [
            Adaptation(f"{prefix}{one.what}", one.limit, one.found, one.becomes, f"MEDIA_{one.what.upper()}")
            for one in fit.changes
        ]
    return Findings(tuple(broken), tuple(adapts))


def check_target(channel: Channel, target: JsonObject) -> list[Violation]:
    """Return what is missing or wrong in where and how to post."""
    model: type[BaseModel] | None = getattr(channel, "target", None)
    if model is None:
        return []
    try:
        model.model_validate(target)
    except ValidationError as error:
        broken: list[Violation] = []
        for one in error.errors():
            name = ".".join(map(str, one["loc"]))
            missing = one["type"] == "missing"
            found = "none" if missing else str(one["input"])[:80]
            fix = f"Set it with `mediaposter accounts set ACCOUNT {name}=VALUE`."
            code = "TARGET_MISSING" if missing else "TARGET_WRONG"
            broken.append(Violation(f"target.{name}", one["msg"], found, fix, code))
        return broken
    return []


def limits_of(rules: MediaRules, facts: MediaFacts) -> FileLimits:
    """Return what a channel's rules say of one file, in the words of the media room."""
    if facts.kind == "image":
        image = rules.image
        bounds = Bounds(
            image.width_min, image.width_max, image.height_min, image.height_max, image.ratio_min, image.ratio_max
        )
        return FileLimits(codecs=image.formats, bounds=bounds, size_max=image.size_max)
    bounds = Bounds(
        rules.width_min, rules.width_max, rules.height_min, rules.height_max, rules.ratio_min, rules.ratio_max
    )
    return FileLimits(
        codecs=rules.video_codecs,
        containers=rules.containers,
        audio_codecs=rules.audio_codecs,
        bounds=bounds,
        size_max=rules.size_max,
        duration_max=rules.duration_max,
        fps_min=rules.fps_min,
        fps_max=rules.fps_max,
        bit_rate_max=rules.bit_rate_max,
        # Who names neither makes a rendition of whatever comes.
        moov_first=rules.moov_first and bool(rules.containers or rules.video_codecs),
        hdr=rules.hdr,
    )


def _check_number(media: Sequence[MediaFacts], rules: MediaRules) -> list[Violation]:
    broken: list[Violation] = []
    videos = sum(facts.kind == "video" for facts in media)
    images = sum(facts.kind == "image" for facts in media)
    kinds = ", ".join(facts.kind for facts in media) or "none"
    if rules.video_required and not videos:
        broken.append(Violation("media", "a video is required", kinds, "Give the post a video.", "VIDEO_REQUIRED"))
    elif rules.media_required and not videos + images:
        rule = "a picture or a video is required"
        broken.append(Violation("media", rule, kinds, "Give the post one.", "MEDIA_REQUIRED"))
    for name, found, limit in (("videos", videos, rules.videos_max), ("pictures", images, rules.images_max)):
        if limit is not None and found > limit:
            rule = f"at most {limit} {name}" if limit else f"no {name}"
            fix = f"Take {found - limit} away."
            broken.append(Violation("media", rule, f"{found} {name}", fix, f"TOO_MANY_{name.upper()}"))
    if videos and images and not rules.mixed:
        rule = "pictures or a video, not both"
        broken.append(Violation("media", rule, kinds, "Leave one kind away.", "MEDIA_MIXED"))
    if rules.together_max is not None and videos + images > rules.together_max:
        fix = f"Take {videos + images - rules.together_max} away."
        rule = f"at most {rules.together_max}"
        broken.append(Violation("media", rule, str(videos + images), fix, "TOO_MANY_FILES"))
    return broken


def _check_least(facts: MediaFacts, rules: MediaRules, prefix: str) -> list[Violation]:
    if facts.kind != "video" or rules.duration_min is None or facts.duration >= rules.duration_min:
        return []
    rule, found = f"at least {rules.duration_min:g} s", f"{facts.duration:.1f} s"
    return [Violation(f"{prefix}duration", rule, found, "Make the video longer.", "DURATION_TOO_SHORT")]


def _left_away(copy: Copy, rules: TextRules) -> list[Adaptation]:
    adapts: list[Adaptation] = []
    if copy.first_comment and not rules.first_comment:
        rule = "no comments are made here"
        adapts.append(Adaptation("first_comment", rule, "a first comment", "left away", "COMMENT_LEFT_AWAY"))
    if copy.thread and not rules.thread_max:
        found = f"{len(copy.thread)} further posts"
        adapts.append(Adaptation("thread", "no threads here", found, "left away", "THREAD_LEFT_AWAY"))
    return adapts
