"""Rules as data: the media of a post against them, and secrets that stay out of the ledger."""

import json

import pytest

from mediaposter.media.facts import AudioFacts, MediaFacts, VideoFacts
from mediaposter.publishing.checking import Findings, check_media
from mediaposter.publishing.copy import Copy, Counting, length
from mediaposter.publishing.redaction import redact, secrets_of
from mediaposter.publishing.rules import MediaRules, TextRules, check_copy

pytestmark = pytest.mark.feature("ADAPT-013")


def facts(**changes: object) -> MediaFacts:
    video = VideoFacts(
        codec="h264",
        profile="High",
        pix_fmt="yuv420p",
        width=1080,
        height=1920,
        coded_width=1080,
        coded_height=1920,
        rotation=0,
        sar="1:1",
        fps=30,
        variable_frame_rate=False,
        time_base="1/90000",
        hdr=False,
        bit_rate=None,
        extradata_sha256=None,
    )
    audio = AudioFacts(codec="aac", sample_rate=48000, channels=2, bit_rate=None, extradata_sha256=None)
    known = MediaFacts(
        kind="video",
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration=36.0,
        size_bytes=20_000_000,
        video=video,
        audio=audio,
    )
    return known.model_copy(update=changes)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (MediaRules(duration_max=30), "MEDIA_DURATION"),
        (MediaRules(size_max=10_000_000), "MEDIA_SIZE"),
        (MediaRules(width_max=720), "MEDIA_SIDES"),
        (MediaRules(height_max=1280), "MEDIA_SIDES"),
        (MediaRules(ratio_min=0.8), "MEDIA_RATIO"),
        (MediaRules(fps_max=24), "MEDIA_FPS"),
        (MediaRules(bit_rate_max=1_000_000), "MEDIA_BIT_RATE"),
    ],
)
def test_what_a_rendition_mends_is_told_and_breaks_nothing(rules: MediaRules, code: str) -> None:
    findings = check_media([facts()], rules)
    assert findings.ok
    (adapted,) = findings.adapts
    assert (adapted.code, all((adapted.field, adapted.rule, adapted.found, adapted.becomes))) == (code, True)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (MediaRules(duration_min=60), "DURATION_TOO_SHORT"),
        (MediaRules(size_max=100_000), "MEDIA_SIZE"),
        (MediaRules(width_min=4000), "MEDIA_SIDES"),
        (MediaRules(containers=("webm",)), "MEDIA_CONTAINER"),
        (MediaRules(video_codecs=("vp9",)), "MEDIA_VIDEO_CODEC"),
        (MediaRules(audio_codecs=("opus",)), "MEDIA_AUDIO_CODEC"),
    ],
)
def test_what_no_rendition_mends_is_broken_with_its_mend(rules: MediaRules, code: str) -> None:
    (broken,) = check_media([facts()], rules).broken
    assert (broken.code, all((broken.field, broken.rule, broken.found, broken.fix))) == (code, True)


def test_a_long_video_is_broken_where_nothing_may_be_cut() -> None:
    (broken,) = check_media([facts()], MediaRules(duration_max=30), cut=False).broken
    assert (broken.code, "6.0 s" in broken.fix) == ("MEDIA_DURATION", True)


@pytest.mark.parametrize("rules", [MediaRules(), MediaRules(containers=(), video_codecs=(), audio_codecs=())])
def test_media_within_the_rules_break_none_and_stay_as_they_are(rules: MediaRules) -> None:
    assert check_media([facts()], rules) == Findings()


def test_every_broken_rule_is_listed_at_once() -> None:
    rules = MediaRules(duration_min=60, width_min=4000, containers=("webm",), audio_codecs=("opus",))
    assert len(check_media([facts()], rules).broken) == 4


def test_the_file_of_several_that_breaks_a_rule_is_named() -> None:
    rules = MediaRules(videos_max=2, duration_min=10)
    assert [b.field for b in check_media([facts(), facts(duration=3.0)], rules).broken] == ["media.2.duration"]


def test_a_silent_video_breaks_no_rule_of_sound() -> None:
    assert check_media([facts(audio=None)], MediaRules(audio_codecs=("opus",))) == Findings()


def test_sound_alone_is_nothing_to_post() -> None:
    assert [b.code for b in check_media([facts(kind="audio", video=None)], MediaRules()).broken] == ["SOUND_ALONE"]


@pytest.mark.parametrize("media", [[], [facts(kind="image", video=None, audio=None)]])
def test_a_video_can_be_required(media: list[MediaFacts]) -> None:
    rules = MediaRules(video_required=True, images_max=1)
    assert [broken.code for broken in check_media(media, rules).broken] == ["VIDEO_REQUIRED"]
    assert check_media(media, MediaRules(images_max=1)).ok


def test_pictures_and_videos_are_counted_by_their_kind() -> None:
    picture = facts(kind="image", video=None, audio=None)
    rules = MediaRules(images_max=2)
    assert check_media([picture] * 2, rules).ok
    assert [broken.code for broken in check_media([picture] * 3, rules).broken] == ["TOO_MANY_PICTURES"]
    assert [broken.code for broken in check_media([picture, facts()], rules).broken] == ["MEDIA_MIXED"]


TELEGRAM = TextRules(description_max=4096, caption_max=1024, comment_max=200, first_comment=True, thread_max=2)


@pytest.mark.parametrize(("media", "codes"), [(False, []), (True, ["TEXT_TOO_LONG"])])
def test_a_caption_beside_media_has_its_own_limit(media: bool, codes: list[str]) -> None:
    assert [b.code for b in check_copy(Copy(description="x" * 2000), TELEGRAM, media=media)] == codes


def test_each_part_of_a_thread_is_held_to_the_limit_of_a_post() -> None:
    copy = Copy(description="one", thread=("two", "x" * 5000))
    assert [(b.field, b.code) for b in check_copy(copy, TELEGRAM, media=True)] == [("thread.2", "TEXT_TOO_LONG")]


def test_a_thread_may_be_too_long() -> None:
    assert [b.code for b in check_copy(Copy(thread=("a", "b", "c")), TELEGRAM)] == ["THREAD_TOO_LONG"]


def test_the_first_comment_has_its_own_limit() -> None:
    assert [b.field for b in check_copy(Copy(first_comment="x" * 201), TELEGRAM)] == ["first_comment"]


def test_links_are_counted_with_the_tracked_one() -> None:
    copy = Copy(description="https://a.example https://b.example", link="https://c.example")
    assert [b.code for b in check_copy(copy, TextRules(links_max=2))] == ["TOO_MANY_LINKS"]


def test_a_hashtag_is_one_word_without_its_mark() -> None:
    assert [b.code for b in check_copy(Copy(hashtags=("fine", "two words", "#mark")), TextRules())] == [
        "HASHTAG_FORM",
        "HASHTAG_FORM",
    ]


@pytest.mark.parametrize(
    "secret",
    [
        {"access_token": "s3cr3t"},
        {"headers": {"Authorization": "Bearer s3cr3t"}},
        {"nested": [{"api-key": "s3cr3t"}]},
        {"url": "https://x.example/?access_token=s3cr3t&page=2"},
        {"text": "the header was Bearer s3cr3t, it said"},
        {"echo": "it contained s3cr3t somewhere"},
    ],
)
def test_secrets_are_taken_out_wherever_they_stand(secret: dict[str, object]) -> None:
    assert "s3cr3t" not in json.dumps(redact(secret, ["s3cr3t"]))


def test_what_is_no_secret_stays() -> None:
    answer = {"id": 7, "url": "https://x.example/?page=2", "errors": [{"code": 187, "text": "duplicate"}], "ok": None}
    assert redact(answer) == answer


def test_an_answer_of_megabytes_is_cut() -> None:
    kept = redact({"page": "x" * 1_000_000, "list": list(range(10_000))})
    assert len(json.dumps(kept)) < 4000


def test_every_text_of_the_credentials_counts_as_secret() -> None:
    assert secrets_of({"a": "one", "b": {"c": "two"}, "n": 3}) == ["one", "two"]


@pytest.mark.parametrize(("text", "found"), [("Ölbaum", 6), ("木" * 10, 10), ("Go 🚀", 7), ("👨‍👩‍👧", 18), ("#1 ©", 5)])
def test_an_emoji_counts_as_its_bytes_and_other_scripts_do_not(text: str, found: int) -> None:
    assert length(text, Counting.EMOJI_AS_UTF8) == found


@pytest.mark.parametrize(
    ("description", "tags", "code"),
    [
        ("Two #here and #there.", ("third",), "TOO_MANY_HASHTAGS"),
        ("Hi @ann, @ben and @cleo!", (), "TOO_MANY_MENTIONS"),
        ("A #1 at me@example.com, https://x.example/@me#part", ("one", "two"), None),
    ],
)
def test_hashtags_and_mentions_count_where_they_stand(
    description: str, tags: tuple[str, ...], code: str | None
) -> None:
    rules = TextRules(hashtags_max=2, mentions_max=2)
    broken = check_copy(Copy(description=description, hashtags=tags), rules)
    assert [one.code for one in broken] == ([code] if code else [])
