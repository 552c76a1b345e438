"""A thumbnail shows a picture that has arrived, not one on its way."""

from pathlib import Path

import pytest

from mediaposter.analysis.schemas import Scene
from mediaposter.analysis.stills import settle
from tests.analysis.conftest import ffmpeg

pytestmark = pytest.mark.feature("ARCH-003")


@pytest.fixture(scope="module")
def fading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stripes that fade in over a second and then stand still."""
    file = tmp_path_factory.mktemp("stills") / "fading.mp4"
    graph = "smptebars=s=180x320:r=25:d=3,fade=in:st=0:d=1,format=yuv420p"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", str(file))
    return file


async def test_a_moment_in_a_fade_moves_on_to_where_the_picture_stands(fading: Path, tmp_path: Path) -> None:
    assert await settle(fading, 0.0, [Scene(start=0, end=3)], tmp_path) >= 1.0


async def test_a_moment_never_leaves_its_scene(fading: Path, tmp_path: Path) -> None:
    assert await settle(fading, 0.0, [Scene(start=0, end=0.8), Scene(start=0.8, end=3)], tmp_path) < 0.8


async def test_a_moment_just_before_a_cut_stays(fading: Path, tmp_path: Path) -> None:
    assert await settle(fading, 0.7, [Scene(start=0, end=0.9), Scene(start=0.9, end=3)], tmp_path) == 0.7
