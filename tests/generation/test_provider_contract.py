"""What every provider of clips must do, ours and a stranger's alike."""

import asyncio
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.generation.errors import JobNotFoundError
from mediaposter.generation.provider import (
    ENDED,
    JobState,
    JobStatus,
    Money,
    Provider,
    check_suitable,
    load_provider,
    provider_names,
)
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from tests.generation.conftest import card
from tests.servers.clip_vendor import ClipVendor

pytestmark = pytest.mark.feature("ARCH-002")
NAMES = ("cards", "clips", "vendor", "vendor-free")
FILMED = {"fal", "runway", "sora", "veo"}  # under test_vendors.py: they have contract servers of their own
BROWSED = {"sora-web"}  # under tests/browser, in a real WebKit


@pytest.fixture(params=NAMES)
def made(request: pytest.FixtureRequest, ctx: Context, vendor: ClipVendor) -> Provider:
    return load_provider(request.param, ctx.settings, ctx.storage)


@pytest.fixture
def wish(tiny_video: Path) -> ClipRequest:
    """A request that every provider can make."""
    return card(source=str(tiny_video))


async def ended(provider: Provider, job: str) -> JobState:
    for _ in range(3000):
        state = await provider.poll(job)
        assert 0.0 <= state.progress <= 1.0
        if state.status in ENDED:
            return state
        await asyncio.sleep(0.01)
    raise AssertionError("the job did not end")


async def test_every_installed_provider_is_under_contract(vendor: ClipVendor) -> None:
    assert set(provider_names()) - set(NAMES) == {"retired", "unready"} | FILMED | BROWSED


async def test_a_provider_tells_its_name_and_sane_limits(made: Provider) -> None:
    able = made.capabilities
    assert made.name in NAMES
    assert able.aspects
    assert 0 < able.seconds_min <= able.seconds_max
    assert able.max_parallel >= 1
    assert 0 < able.poll_seconds < able.deadline_seconds


async def test_a_price_is_known_before_the_job(made: Provider, wish: ClipRequest) -> None:
    price = made.price(wish)
    assert isinstance(price, Money)
    assert price.amount_minor >= 0


async def test_what_is_missing_is_an_error_with_its_mend_or_nothing(made: Provider, wish: ClipRequest) -> None:
    for lacking in (made.missing(), made.missing(wish)):
        assert lacking is None or (isinstance(lacking, NotConfiguredError) and lacking.fix)


async def test_a_job_ends_with_a_clip(made: Provider, wish: ClipRequest, ctx: Context, tmp_path: Path) -> None:
    check_suitable(made, wish)
    job = await made.submit(wish, "clip-1")
    state = await ended(made, job)
    assert state.status is JobStatus.DONE, state.message
    found = await made.reference(job)
    if found is not None:
        assert found.facts.kind == "video"
        return
    await made.download(job, tmp_path / "clip.mp4")
    facts = probe(tmp_path / "clip.mp4", MediaLimits())
    assert (facts.kind, facts.duration) == ("video", pytest.approx(1.0, abs=0.1))


async def test_a_request_without_words_or_source_for_it_is_refused_with_a_mend(made: Provider) -> None:
    lacking = {"clips": card()}.get(made.name, card(prompt="", source="/nowhere.mp4"))
    with pytest.raises(InvalidInputError) as caught:
        await made.submit(lacking, "clip-2")
    assert caught.value.fix


async def test_a_job_nobody_knows_is_said_to_be_unknown(made: Provider) -> None:
    with pytest.raises(JobNotFoundError):
        await made.poll("no-such-job")


async def test_cancelling_a_job_nobody_knows_is_no_error(made: Provider) -> None:
    await made.cancel("no-such-job")


async def test_a_cancelled_job_does_not_end_as_done(made: Provider, vendor: ClipVendor, wish: ClipRequest) -> None:
    vendor.polls_needed = 1000
    job = await made.submit(wish, "clip-3")
    await made.cancel(job)
    try:
        state = await made.poll(job)
    except JobNotFoundError:
        return
    assert state.status is JobStatus.CANCELLED


@pytest.mark.parametrize("made", [name for name in NAMES if name != "vendor"], indirect=True)
async def test_where_it_is_free_a_second_submit_of_a_job_is_allowed(made: Provider, wish: ClipRequest) -> None:
    assert made.capabilities.resubmit_is_free
    first = await made.submit(wish, "clip-4")
    second = await made.submit(wish, "clip-4")
    assert (await ended(made, second)).status is JobStatus.DONE
    await made.cancel(first)


async def test_a_content_key_is_the_same_for_the_same_request(made: Provider, wish: ClipRequest) -> None:
    assert await made.content_key(wish) == await made.content_key(ClipRequest.parse(wish.to_json()))
