"""Parameter sets of H.264: read, numbered, merged."""

from pathlib import Path

import av
import pytest

from mediaposter.media import avc
from tests.media.conftest import Clip

pytestmark = pytest.mark.feature("ARCH-002")


def record_of(path: Path) -> avc.AvcRecord:
    with av.open(str(path)) as container:
        return avc.parse(bytes(container.streams.video[0].codec_context.extradata or b""))


def numbered(clip: Clip, number: int) -> avc.AvcRecord:
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x264-params", f"sps-id={number}")
    return record_of(clip(f"sets-{number}.mp4", sound=False, codec=codec))


@pytest.mark.parametrize("number", [0, 1, 2, 7, 30, 31])
def test_the_number_of_the_sets_is_read(number: int, clip: Clip) -> None:
    assert numbered(clip, number).numbers == {number}


def test_a_record_is_packed_as_it_was(clip: Clip) -> None:
    with av.open(str(clip())) as container:
        extradata = bytes(container.streams.video[0].codec_context.extradata or b"")

    assert avc.parse(extradata).pack() == extradata


def test_merging_keeps_the_sets_of_both(clip: Clip) -> None:
    merged = avc.merge(numbered(clip, 0), numbered(clip, 7))

    assert (merged.numbers, len(merged.sps), avc.parse(merged.pack())) == ({0, 7}, 2, merged)


def test_sets_of_the_same_number_do_not_merge(clip: Clip) -> None:
    other = record_of(clip("odd-smaller.mp4", color="white", size="90x160"))

    with pytest.raises(avc.UnmergeableError, match="same number"):
        avc.merge(record_of(clip()), other)


def test_a_free_number_is_found(clip: Clip) -> None:
    assert avc.free_number([numbered(clip, 0), numbered(clip, 1)]) == 2


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x00\x00\x00\x01\x67", b"\x01\x64\x00\x1f\xff\xe1\xff\xff\x00"])
def test_what_is_no_record_is_told(data: bytes) -> None:
    with pytest.raises(avc.UnmergeableError):
        avc.parse(data)
