"""What is known of a media file without looking at it: the facts that a probe reads, frozen and JSON-able."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["video", "audio", "image"]


class AssetKind(StrEnum):
    """What a media file is: `Kind`, as the database and the API name it."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"


class VideoFacts(BaseModel):
    """The picture of a file. `width` and `height` are as displayed: after the rotation that the file asks for."""

    model_config = ConfigDict(frozen=True)

    codec: str
    profile: str | None
    pix_fmt: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation: int  # degrees clockwise that a player turns the coded picture by: 0, 90, 180 or 270
    sar: str  # shape of one coded pixel, such as "1:1"
    fps: float
    variable_frame_rate: bool
    time_base: str  # such as "1/90000"
    hdr: bool  # PQ or HLG transfer
    bit_rate: int | None
    extradata_sha256: str | None
    duration: float | None = None  # seconds of this stream alone
    start: float = 0.0  # seconds after the file's beginning at which the first frame is shown
    frames: int | None = None
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_space: str | None = None
    color_range: str | None = None
    mirrored: bool = False
    b_frames: bool = False


class AudioFacts(BaseModel):
    """The sound of a file."""

    model_config = ConfigDict(frozen=True)

    codec: str
    sample_rate: int
    channels: int
    bit_rate: int | None
    extradata_sha256: str | None
    profile: str | None = None
    time_base: str = ""
    duration: float | None = None  # seconds of this stream alone
    start: float = 0.0  # seconds after the file's beginning


class MediaFacts(BaseModel):
    """A media file as probed. `duration` is in seconds and 0 for a still image."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    container: str  # the demuxer's names, such as "mov,mp4,m4a,3gp,3g2,mj2"
    duration: float
    size_bytes: int
    video: VideoFacts | None
    audio: AudioFacts | None
    moov_first: bool | None = None  # whether an MP4 can be played before it has come whole; None for other containers
    fragmented: bool = False
    brand: str | None = None  # of an MP4 or MOV: qt, isom, mp42 ...
