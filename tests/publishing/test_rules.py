"""Rules as data: the media of a post against them, and secrets that stay out of the ledger."""

import json

import pytest

from mediaposter.media.facts import AudioFacts, MediaFacts, VideoFacts
from mediaposter.publishing.redaction import redact, secrets_of
from mediaposter.publishing.rules import MediaRules, check_media

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
    ("rules", "field"),
    [
        (MediaRules(duration_max=30), "duration"),
        (MediaRules(duration_min=60), "duration"),
        (MediaRules(size_max=10_000_000), "size"),
        (MediaRules(width_max=720), "width"),
        (MediaRules(height_max=1280), "height"),
        (MediaRules(containers=("webm",)), "container"),
        (MediaRules(video_codecs=("vp9",)), "video codec"),
        (MediaRules(audio_codecs=("opus",)), "audio codec"),
    ],
)
def test_each_broken_rule_is_named_with_its_mend(rules: MediaRules, field: str) -> None:
    (broken,) = check_media([facts()], rules)
    assert broken.field == field
    assert broken.rule
    assert broken.found
    assert broken.fix


@pytest.mark.parametrize("rules", [MediaRules(), MediaRules(containers=(), video_codecs=(), audio_codecs=())])
def test_media_within_the_rules_break_none(rules: MediaRules) -> None:
    assert check_media([facts()], rules) == []


def test_every_broken_rule_is_listed_at_once() -> None:
    rules = MediaRules(duration_max=1, size_max=1, width_max=1, containers=("webm",))
    assert len(check_media([facts()], rules)) == 4


def test_a_silent_video_breaks_no_rule_of_sound() -> None:
    assert check_media([facts(audio=None)], MediaRules(audio_codecs=("opus",))) == []


@pytest.mark.parametrize("media", [[], [facts(kind="image", video=None, audio=None)]])
def test_a_video_can_be_required(media: list[MediaFacts]) -> None:
    rules = MediaRules(video_required=True, images_max=1)
    assert [broken.field for broken in check_media(media, rules)] == ["media"]
    assert check_media(media, MediaRules(images_max=1)) == []


def test_pictures_and_videos_are_counted_by_their_kind() -> None:
    picture = facts(kind="image", video=None, audio=None)
    rules = MediaRules(images_max=2)
    assert check_media([picture] * 2, rules) == []
    assert [broken.rule for broken in check_media([picture] * 3, rules)] == ["at most 2 pictures"]
    assert [broken.rule for broken in check_media([picture, facts()], rules)] == ["pictures or a video, not both"]


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
