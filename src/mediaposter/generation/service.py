"""What the generation room can do: plan clips, start them, show them, cancel and retry them. Services never commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import engine, power
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.errors import ConflictError, FieldProblem, InvalidInputError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.models import WakeTrigger
from mediaposter.generation import ledger, repository
from mediaposter.generation.models import OPEN, Clip, ClipBatch, ClipState
from mediaposter.generation.provider import Money, Provider, check_suitable, provider, provider_names
from mediaposter.generation.schemas import CONFIGURED, Brand, ClipRequest
from mediaposter.generation.script import shown_text, write_script
from mediaposter.generation.workflows import generate_clip, multi_part

PARTS_MAX = 20


@dataclass(frozen=True)
class ProviderStatus:
    """An installed provider and what it lacks, if anything."""

    provider: Provider
    missing: str
    fix: str


def list_providers() -> list[ProviderStatus]:
    """Return the installed providers, with what is missing to use them."""
    found: list[ProviderStatus] = []
    for name in provider_names():
        one = provider(name)
        lacking = one.missing()
        found.append(ProviderStatus(one, lacking.detail if lacking else "", lacking.fix if lacking else ""))
    return found


async def plan_parts(
    session: AsyncSession,
    *,
    owner_id: str,
    requests: Sequence[ClipRequest],
    chain: Sequence[str],
    budget: Money | None = None,
    clock: Clock = utc_now,
) -> list[Clip]:
    """Write down the clips of an owner, one a request, in order, and return them. A repeat returns the same clips.

    What is done stays done, what is on its way stays on its way; failed and cancelled clips are planned anew with this
    request and chain. Beyond `budget`, for all of them together, nothing is bought. A clip whose submit is unknown
    stays so until `retry_clip`. Raises InvalidInputError, UnknownProviderError.
    """
    if not requests or len(requests) > PARTS_MAX:
        raise _invalid("prompts", f"1 to {PARTS_MAX} parts can be made at once", "Change the number of parts.")
    if not chain:
        raise _invalid("provider", "at least one provider is needed", "Name one, such as cards.")
    for name in chain:
        provider(name)
    known = {clip.position: clip for clip in await repository.clips_of(session, owner_id, lock=True)}
    clips: list[Clip] = []
    for position, request in enumerate(requests):
        clip = known.get(position)
        if clip is None:
            clip = Clip(
                id=new_id("clip"),
                owner_id=owner_id,
                position=position,
                request=request.to_json(),
                chain=list(dict.fromkeys(chain)),
                budget=_limit(budget),
                attempts=[],
                created_at=clock(),
            )
            session.add(clip)
        elif clip.state in (ClipState.FAILED, ClipState.CANCELLED):
            _plan_anew(clip)
            clip.request = request.to_json()
            clip.chain = list(dict.fromkeys(chain))
            clip.budget = _limit(budget)
        elif clip.state is ClipState.UNKNOWN:
            clip.round += 1  # its workflow has ended; a new one says again what is to be decided
        clips.append(clip)
    await session.flush()
    return clips


async def generate_multi_part(
    session: AsyncSession,
    *,
    prompts: Sequence[str] = (),
    requests: Sequence[ClipRequest] = (),
    chain: Sequence[str] = ("cards",),
    stitch: bool = True,
    brand: Brand | None = None,
    aspect: Literal["9:16", "1:1", "16:9"] = "9:16",
    seconds: float | None = None,
    voice: str = CONFIGURED,
    background: str = "",
    images: Sequence[str] = (),
    notes: str = "",
    cta: str = "",
    budget: Money | None = None,
    clock: Clock = utc_now,
) -> ClipBatch:
    """Plan clips that share their look, and queue their workflow; with `stitch`, two or more become one master.

    Give `prompts`, or whole `requests`. Raises InvalidInputError, UnknownProviderError; NotConfiguredError and the
    like when no provider of the chain could make them.
    """
    wanted = list(requests) or [
        ClipRequest.parse(
            {
                "prompt": prompt,
                "aspect": aspect,
                "seconds": seconds,
                "voice": voice,
                "images": tuple(images),
                "background": background,
                "notes": notes,
                "cta": cta,
                "brand": brand or Brand(),
                "part": number,
                "parts": len(prompts),
            }
        )
        for number, prompt in enumerate(prompts, start=1)
    ]
    check_chain(chain, wanted)
    batch = ClipBatch(id=new_id("batch"), stitch=stitch, created_at=clock())
    session.add(batch)
    await plan_parts(session, owner_id=batch.id, requests=wanted, chain=chain, budget=budget, clock=clock)
    await _wake_for_browser(session, chain)
    await engine.enqueue(session, multi_part, batch.id, queue=Queue.RUNS, id=batch.id)
    return batch


def films(chain: Sequence[str]) -> bool:
    """Say whether the first provider of a chain films what a prompt describes, and does not speak its words."""
    return provider(chain[0]).capabilities.films


def check_chain(chain: Sequence[str], requests: Sequence[ClipRequest]) -> None:
    """Raise the first provider's error when none of the chain can make the requests, as far as is known beforehand."""
    failures: list[Exception] = []
    for name in chain:
        try:
            for request in requests:
                check_suitable(provider(name), request)
        except Exception as error:
            failures.append(error)
    if failures and len(failures) == len(chain):
        raise failures[0]


def price_of(requests: Sequence[ClipRequest], chain: Sequence[str]) -> Money:
    """Return what the requests cost at most with the first provider of the chain."""
    first = provider(chain[0])
    prices = [first.price(request) for request in requests]
    return Money(sum(price.amount_minor for price in prices), prices[0].currency if prices else "USD")


async def start_clip(session: AsyncSession, clip: Clip) -> str:
    """Queue the workflow of a planned clip, in the caller's transaction. Returns the workflow's id."""
    await _wake_for_browser(session, clip.chain)
    return await engine.enqueue(
        session, generate_clip, clip.id, queue=Queue.GENERATE, id=clip.workflow_id, partition=clip.partition
    )


async def get_clip(session: AsyncSession, clip_id: str) -> Clip:
    """Return one clip. Raises NotFoundError."""
    clip = await repository.get_clip(session, clip_id)
    if clip is None:
        raise NotFoundError(f"There is no clip {clip_id}.", fix="Look at the run or batch it belongs to.")
    return clip


async def clips_of(session: AsyncSession, owner_id: str) -> Sequence[Clip]:
    """Return the clips of a run or batch, in order."""
    return await repository.clips_of(session, owner_id)


def script_of(clips: Sequence[Clip]) -> str:
    """Return the words that the clips' requests would have spoken, part by part; nothing of the user's own footage."""
    requests = [ledger.request_of(clip) for clip in clips]
    return " ".join(shown_text(write_script(request)) for request in requests if request.prompt)


async def get_batch(session: AsyncSession, batch_id: str) -> ClipBatch:
    """Return one batch. Raises NotFoundError."""
    batch = await repository.get_batch(session, batch_id)
    if batch is None:
        raise NotFoundError(f"There is no batch {batch_id}.")
    return batch


async def cancel_clips(session: AsyncSession, owner_id: str, *, clock: Clock = utc_now) -> list[Clip]:
    """Cancel the clips of an owner that are not finished and return them. Jobs at providers are stopped soon after.

    Commit this before the workflows are cancelled: they stop a vendor's job only when its clip says so.
    """
    stopped: list[Clip] = []
    for clip in await repository.clips_of(session, owner_id, lock=True):
        if clip.state in OPEN:
            await ledger.cancelled(session, clip, now=clock())
            stopped.append(clip)
    return stopped


async def retry_clip(
    session: AsyncSession, clip_id: str, *, external_id: str | None = None, clock: Clock = utc_now
) -> Clip:
    """Plan a failed, cancelled or unknown clip anew and queue it. With `external_id`, that job is followed instead.

    Raises NotFoundError, ConflictError for a clip that is done or on its way.
    """
    clip = await repository.get_clip(session, clip_id, lock=True)
    if clip is None:
        raise NotFoundError(f"There is no clip {clip_id}.")
    if clip.state in OPEN or clip.state is ClipState.DONE:
        raise ConflictError(f"The clip {clip_id} is {clip.state}.", fix="Nothing is to be done.")
    if external_id is not None and not clip.attempts:
        raise ConflictError(f"The clip {clip_id} was never submitted.", fix="Retry it without external_id.")
    _plan_anew(clip)
    if external_id is not None:
        ledger.adopt_job(clip, external_id, now=clock())
    await session.flush()
    await start_clip(session, clip)
    return clip


def _plan_anew(clip: Clip) -> None:
    clip.round += 1
    clip.state = ClipState.PLANNED
    clip.progress = 0.0
    clip.message = ""
    clip.error = None
    clip.external_id = None
    clip.finished_at = None


async def _wake_for_browser(session: AsyncSession, chain: Sequence[str]) -> None:
    if provider(chain[0]).capabilities.browser:
        await power.wake(session, WakeTrigger.SAFARI_AUTOMATION)


def _limit(budget: Money | None) -> JsonObject | None:
    return None if budget is None else {"amount_minor": budget.amount_minor, "currency": budget.currency}


def _invalid(field: str, rule: str, fix: str) -> InvalidInputError:
    return InvalidInputError(f"The clips cannot be made: {rule}.", fix=fix, errors=[FieldProblem(field, rule, fix)])
