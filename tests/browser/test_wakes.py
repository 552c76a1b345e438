"""Work for the browser wakes the machine, and the wake-up says what for."""

import pytest

from mediaposter.core.context import Context
from mediaposter.core.models import WakeTrigger
from mediaposter.generation import service
from mediaposter.generation.schemas import ClipRequest
from tests.core.test_sleep import SOON, is_asleep, status, until
from tests.workers import Worker

pytestmark = pytest.mark.feature("SLEEP-001", "SAFARI-001")


async def test_a_job_for_the_browser_wakes_a_sleeping_worker_as_such(ctx: Context) -> None:
    worker = Worker(ctx, module="tests.generation.worker", env=SOON)
    try:
        await worker.ready()
        await until(lambda: is_asleep(ctx))
        wish = ClipRequest.parse({"prompt": "A fern.", "seconds": 10})
        async with ctx.database.session() as session:
            (clip,) = await service.plan_parts(session, owner_id="run_1", requests=[wish], chain=["sora-web"])
            await service.start_clip(session, clip)

        async def woke() -> bool:
            return (await status(ctx)).last_trigger is not None

        await until(woke)
        assert (await status(ctx)).last_trigger == WakeTrigger.SAFARI_AUTOMATION
    finally:
        worker.kill()
