"""The media of a publication as its channel takes them: within its rules, made once for all who need the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.errors import MediaError
from mediaposter.publishing.channel import ChannelAccount, Outgoing
from mediaposter.publishing.checking import Findings, check_media
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.materials import chunks, materials, poster
from mediaposter.publishing.registry import load_channels
from mediaposter.publishing.rules import ChannelRules, ImageRules, MediaRules
from tests.media.conftest import Clip
from tests.media.look import colour_at, name_of

pytestmark = pytest.mark.feature("BLOT-001", "ADAPT-013")
FAST = ("-movflags", "+faststart")


def outgoing(*asset_ids: str, copy: Copy | None = None) -> Outgoing:
    account = ChannelAccount("acct_1", "any", "1", "ann", "Ann")
    return Outgoing("pub_1", "post_1", account, asset_ids, copy or Copy(), None, 1, None)


async def known(ctx: Context, path: Path) -> str:
    async with ctx.database.session() as session:
        return (await media.register(session, str(path), storage=ctx.storage)).id


async def renditions(ctx: Context) -> int:
    async with ctx.database.session() as session:
        return len(await media.list_assets(session, origin="fitted"))


async def test_a_file_within_the_rules_is_the_users_own(ctx: Context, clip: Clip) -> None:
    path = clip("master.mp4", extra=FAST)
    (material,) = await materials(outgoing(await known(ctx, path)), ChannelRules())
    assert (material.path, material.mime, await renditions(ctx)) == (path, "video/mp4", 0)


async def test_each_file_comes_within_the_rules_and_in_its_order(ctx: Context, clip: Clip, picture: Path) -> None:
    rules = ChannelRules(
        media=MediaRules(
            duration_max=0.8,
            images_max=3,
            mixed=True,
            image=ImageRules(formats=("png",), width_max=320, ratio_min=1.0, ratio_max=1.91),
        )
    )
    ids = [await known(ctx, clip("master.mp4", extra=FAST)), await known(ctx, picture)]
    found = await materials(outgoing(*ids), rules)
    assert [material.mime for material in found] == ["video/mp4", "image/png"]
    assert check_media([material.facts for material in found], rules.media) == Findings()


async def test_channels_with_equal_needs_share_one_file(ctx: Context, clip: Clip) -> None:
    asset_id = await known(ctx, clip("master.mp4", extra=FAST))
    square = MediaRules(ratio_min=1.0, size_max=100_000_000, duration_max=60)
    other = replace(square, size_max=1_000_000_000, duration_max=600, images_max=4)
    found = [(await materials(outgoing(asset_id), ChannelRules(media=rules)))[0] for rules in (square, other)]
    assert (found[0].asset_id, await renditions(ctx)) == (found[1].asset_id, 1)


async def test_what_cannot_be_mended_says_what_to_do(ctx: Context, clip: Clip) -> None:
    asset_id = await known(ctx, clip("master.mp4", extra=FAST))
    with pytest.raises(MediaError) as refusal:
        await materials(outgoing(asset_id), ChannelRules(media=MediaRules(width_min=4000)))
    assert refusal.value.fix == "Give a larger picture."


async def test_the_poster_is_the_frame_that_was_asked_for(ctx: Context, clip: Clip) -> None:
    path = clip("turns.mp4", color="red", picture="drawbox=t=fill:c=blue:enable='gt(t,0.5)'", extra=FAST)
    post = outgoing(await known(ctx, path), copy=Copy(thumbnail_at=0.7))
    (video,) = await materials(post, ChannelRules())
    still = await poster(post, video)
    assert (still.mime, name_of(colour_at(still.path, 0))) == ("image/jpeg", "blue")


async def test_a_file_is_read_in_pieces(ctx: Context, clip: Clip) -> None:
    path = clip("master.mp4", extra=FAST)
    (material,) = await materials(outgoing(await known(ctx, path)), ChannelRules())
    pieces = [piece async for piece in chunks(material, 1000)]
    assert (b"".join(pieces), {len(piece) for piece in pieces[:-1]}) == (path.read_bytes(), {1000})


@pytest.fixture
async def odd(ctx: Context, clip: Clip) -> str:
    """A clip that no platform takes as it is: HEVC at 75 frames a second in Matroska, with FLAC."""
    codec = ("-c:v", "libx265", "-x265-params", "log-level=error", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    path = clip("odd.mkv", size="360x640", fps="75", seconds=4.0, codec=codec, audio=("-c:a", "flac"))
    return await known(ctx, path)


async def test_every_channel_gets_what_it_takes_of_an_odd_clip(ctx: Context, odd: str) -> None:
    async with ctx.database.session() as session:
        facts = (await media.get_asset(session, odd)).media_facts
    left: dict[str, Findings] = {}
    for name, channel in load_channels().items():
        rules = channel.rules.media
        if rules.videos_max == 0 or check_media([facts], rules).broken:
            continue
        found = await materials(outgoing(odd), channel.rules)
        left[name] = check_media([material.facts for material in found], rules)
    assert {name: findings for name, findings in left.items() if findings != Findings()} == {}
    assert await renditions(ctx) < len(left)
