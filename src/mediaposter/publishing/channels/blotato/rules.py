"""The rules of each platform as Blotato passes them on: the stricter of the platform's and its own."""

from dataclasses import replace
from datetime import date

from mediaposter.publishing.copy import Counting
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, LimitScope, LinkPolicy, MediaRules, TextRules

DOCS = "https://help.blotato.com/api"
_HELP = "https://help.blotato.com/platforms"
_DAY = 86_400.0
_MB = 1_000_000
STARTER = 400 * _MB  # bytes of a file on the smallest plan


def _rules(text: TextRules, media: MediaRules, *, a_day: int, ai: bool = False) -> ChannelRules:
    size = min(media.size_max or STARTER, STARTER)
    return ChannelRules(
        text=text,
        media=replace(media, size_max=size),
        limits=(Limit(a_day, _DAY, source=_HELP),),
        discloses_ai=ai,
        source=DOCS,
        read_on=date(2026, 11, 23),
    )


def _images(most: int, **more: int | float) -> ImageRules:
    return ImageRules(formats=("mjpeg", "png"), size_max=most * _MB, **more)  # type: ignore[arg-type]


# Posts a day: what Blotato's help and the platforms name, the lower of the two.
PLATFORMS: dict[str, ChannelRules] = {
    "twitter": _rules(
        TextRules(counting=Counting.X_WEIGHTED, description_max=280, thread_max=10, thread_in_one=True),
        MediaRules(
            images_max=4,
            duration_min=0.5,
            duration_max=140,
            size_max=512 * _MB,
            width_max=1280,
            height_max=1280,
            fps_max=60,
            image=ImageRules(formats=("mjpeg", "png", "webp"), size_max=5 * _MB),
        ),
        a_day=100,
    ),
    "instagram": _rules(
        TextRules(
            counting=Counting.UTF16, description_max=2200, hashtags_max=30, alt_text_max=1000, first_comment=True
        ),
        MediaRules(
            media_required=True,
            images_max=10,
            duration_min=3,
            duration_max=900,
            size_max=100 * _MB,
            width_max=1920,
            image=ImageRules(
                formats=("mjpeg", "png"), size_max=8 * _MB, width_min=320, width_max=1440, ratio_min=0.8, ratio_max=1.91
            ),
        ),
        a_day=50,
    ),
    "tiktok": _rules(
        TextRules(counting=Counting.UTF16, title_max=89, description_max=2200, links=LinkPolicy.REFUSED),
        MediaRules(
            media_required=True,
            images_max=20,
            duration_min=3,
            duration_max=600,
            width_min=360,
            height_min=360,
            width_max=4096,
            height_max=4096,
            fps_min=23,
            fps_max=60,
            image=ImageRules(formats=("mjpeg", "webp"), size_max=20 * _MB, width_max=1080, height_max=1920),
        ),
        a_day=10,
        ai=True,
    ),
    "youtube": _rules(
        TextRules(
            title_max=100,
            title_required=True,
            description_max=5000,
            description_bytes_max=5000,
            forbidden=("<", ">"),
        ),
        MediaRules(video_required=True, duration_max=43_200, fps_max=60),
        a_day=100,
        ai=True,
    ),
    "facebook": _rules(
        TextRules(counting=Counting.UTF16, description_max=63_206, first_comment=True, comment_max=8000),
        MediaRules(images_max=10, duration_min=3, duration_max=14_400, fps_max=60, image=_images(4)),
        a_day=30,
    ),
    "linkedin": _rules(
        TextRules(counting=Counting.UTF16, description_max=3000),
        MediaRules(
            images_max=9,
            duration_min=3,
            duration_max=1800,
            width_min=256,
            height_min=144,
            width_max=4096,
            height_max=2304,
            fps_max=60,
            bit_rate_max=30_000_000,
            image=_images(5),
        ),
        a_day=100,
    ),
    "pinterest": _rules(
        TextRules(
            counting=Counting.UTF16,
            title_max=100,
            description_max=800,
            alt_text_max=500,
            links=LinkPolicy.SEPARATE,
        ),
        MediaRules(media_required=True, images_max=5, duration_min=4, duration_max=300, image=_images(20)),
        a_day=10,
    ),
    "threads": _rules(
        TextRules(description_max=500, links_max=5, thread_max=10, thread_in_one=True),
        MediaRules(
            images_max=20,
            duration_min=1,
            duration_max=300,
            width_max=1920,
            fps_min=23,
            fps_max=60,
            image=_images(8, width_min=320, width_max=1440),
        ),
        a_day=250,
    ),
    "bluesky": _rules(
        TextRules(counting=Counting.GRAPHEMES, description_max=300, alt_text_max=0, thread_max=10, thread_in_one=True),
        MediaRules(images_max=4, duration_max=180, size_max=100 * _MB, image=_images(1, width_max=2000)),
        a_day=1000,
    ),
}
# Where the platform is not known yet: what the narrowest of them take.
COMMON = ChannelRules(
    text=TextRules(description_max=280),
    media=MediaRules(images_max=1, duration_max=140, size_max=100 * _MB),
    source=DOCS,
    read_on=date(2026, 11, 23),
)


def rules_of_platform(platform: object, *, posts_a_minute: int, premium: bool = False) -> ChannelRules:
    """Return the rules of a platform with what one key may post in a minute over all its accounts."""
    rules = PLATFORMS.get(str(platform), COMMON)
    if premium:
        rules = replace(rules, text=replace(rules.text, description_max=25_000))
    shared = Limit(posts_a_minute, 60, scope=LimitScope.CHANNEL, source=DOCS)
    return replace(rules, limits=(*rules.limits, shared))
