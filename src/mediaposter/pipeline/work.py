"""What a workflow knows of its run: read once, in a step, and the same on every replay."""

from pydantic import BaseModel, ConfigDict

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.generation.prompts import PARTS
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.schemas import PipelineConfig, PublishMode


class Work(BaseModel):
    """A run as its workflow sees it. `rounds` counts how often each stage was asked to be redone."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    attempt: int
    config: PipelineConfig
    approved: bool
    rounds: dict[Stage, int]

    @property
    def part_count(self) -> int:
        """How many parts the master is made of."""
        return PARTS if self.config.story else len(self.config.prompts or self.config.clips)

    @property
    def waits_for_approval(self) -> bool:
        """Whether the run must stop before publishing."""
        return self.config.publish is PublishMode.DRAFT and not self.approved and not self.config.dry_run


@engine.step("pipeline.load_work")
async def load_work(run_id: str, attempt: int) -> JsonObject:
    """Read the run's config and where it stands, as JSON."""
    async with context.current().database.session() as session:
        run = await book.own_run(session, run_id, attempt)
        work = Work(
            run_id=run_id,
            attempt=attempt,
            config=PipelineConfig.model_validate(run.config),
            approved=run.approved,
            rounds={stage.name: stage.round for stage in run.stages},
        )
    return work.model_dump(mode="json")
