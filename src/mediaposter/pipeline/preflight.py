"""What can be known to fail before a run begins, is said before it begins."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import FieldProblem, InvalidInputError, MediaPosterError, NotFoundError
from mediaposter.core.settings import Settings
from mediaposter.generation.prompts import PARTS, split_story
from mediaposter.generation.provider import Money, check_suitable, provider
from mediaposter.media import service as media
from mediaposter.models.language import language_model
from mediaposter.offers import service as offers
from mediaposter.pipeline.errors import BudgetExceededError
from mediaposter.pipeline.requests import clip_requests
from mediaposter.pipeline.schemas import Budget, PipelineConfig, ProviderPrice
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account

LOCAL = "local"  # the copywriter that needs no model


@dataclass(frozen=True)
class Obstacle:
    """What stands in a run's way: the field of its config that it is about, and the error with what to do."""

    field: str
    error: MediaPosterError

    def problems(self) -> list[FieldProblem]:
        """Return it field by field."""
        return list(self.error.errors) or [FieldProblem(self.field, self.error.detail, self.error.fix)]


async def check(session: AsyncSession, config: PipelineConfig, *, settings: Settings) -> None:
    """Raise what stands between `config` and a good end: accounts, copywriter, providers, files, offer, budget.

    Raises NotFoundError, InvalidInputError, NotConfiguredError, ProviderRetiredError, BudgetExceededError and the like,
    each with what to do.
    """
    for obstacle in await obstacles(session, config, settings=settings):
        raise obstacle.error


async def obstacles(session: AsyncSession, config: PipelineConfig, *, settings: Settings) -> list[Obstacle]:
    """Return all that `check` looks for, in its order; empty when the run can begin. Reads only."""
    found: list[Obstacle] = []
    with _noting(found, "accounts"):
        if not await _accounts(session, "accounts", config.accounts):
            raise _invalid(
                "accounts", "there is no account to publish to", "Add one: `mediaposter accounts add HANDLE`."
            )
    with _noting(found, "tweets.account"):
        if config.tweets is not None:
            await _accounts(session, "tweets.account", config.tweets.account)
    with _noting(found, "copywriter"):
        if config.copywriter != LOCAL:
            language_model(settings, config.copywriter)
    with _noting(found, "offer.id"):
        if config.offer is not None and config.offer.id is not None:
            await offers.get_offer(session, config.offer.id)
    for field, sources, kind in (("clips", config.clips, "video"), ("images", config.images, "image")):
        for source in sources:
            with _noting(found, field):
                await _check_source(session, field, source, kind)
    with _noting(found, "provider"):
        _check_providers(config)
    return found


@contextmanager
def _noting(found: list[Obstacle], field: str) -> Generator[None]:
    try:
        yield
    except MediaPosterError as error:
        found.append(Obstacle("budget" if isinstance(error, BudgetExceededError) else field, error))


async def _check_source(session: AsyncSession, field: str, source: str, kind: str) -> None:
    asset_id = media.referred_id(source)
    if asset_id is not None:
        try:
            asset = await media.get_asset(session, asset_id)
        except NotFoundError as error:
            fix = "Upload the file with POST /api/media/uploads, or list what is there with GET /api/media/assets."
            raise _invalid(field, f"the library has no {source}", fix) from error
        if asset.kind != kind:
            raise _invalid(field, f"{source} is of the kind {asset.kind} and not {kind}", "Choose another one.")
    elif "://" not in source and not Path(source).expanduser().is_file():
        raise _invalid(field, f"{source} is not a file on this machine", "Give a file's whole path, or a URL.")


async def _accounts(session: AsyncSession, field: str, named: str | Sequence[str]) -> Sequence[Account]:
    try:
        return await publishing.list_accounts(session, named)
    except NotFoundError as error:
        raise _invalid(field, error.detail[0].lower() + error.detail[1:].rstrip("."), error.fix) from error


def check_budget(price: Money, budget: Budget) -> None:
    """Raise BudgetExceededError when `price` is more than the run may spend."""
    if budget.money_minor is None or price.amount_minor == 0:
        return
    if price.currency != budget.currency:
        raise _invalid(
            "budget.currency", f"the provider charges in {price.currency}", f"Give the budget in {price.currency}."
        )
    if price.amount_minor > budget.money_minor:
        raise BudgetExceededError(
            f"The parts would cost up to {price.amount_minor / 100:.2f} {price.currency}, "
            f"and the budget is {budget.money_minor / 100:.2f}.",
            fix="Raise the budget, ask for shorter or fewer parts, or name a cheaper provider first.",
        )


def prices(config: PipelineConfig) -> list[ProviderPrice]:
    """Return what the parts cost with each provider of the chain. Nothing is asked of anybody, nothing is spent."""
    requests = clip_requests(config, _story(config) if config.story else ())
    told: list[ProviderPrice] = []
    for name in config.chain:
        try:
            one = provider(name)
            for request in requests:
                check_suitable(one, request)
            costs = [one.price(request) for request in requests]
        except MediaPosterError as error:
            told.append(_unpriced(name, error))
            continue
        parts = [cost.amount_minor for cost in costs]
        told.append(_priced(name, parts, costs[0].currency))
    return told


def _priced(name: str, parts: list[int], currency: str) -> ProviderPrice:
    return ProviderPrice(provider=name, parts=parts, total_minor=sum(parts), currency=currency, problem="", fix="")


def _unpriced(name: str, error: MediaPosterError) -> ProviderPrice:
    return ProviderPrice(provider=name, parts=[], total_minor=None, currency="USD", problem=error.detail, fix=error.fix)


def _check_providers(config: PipelineConfig) -> None:
    requests = clip_requests(config, _story(config) if config.story else ())
    failures: list[MediaPosterError] = []
    for name in config.chain:
        try:
            first = provider(name)
            for request in requests:
                check_suitable(first, request)
        except MediaPosterError as error:
            failures.append(error)
            continue
        if not failures:
            costs = [first.price(request) for request in requests]
            check_budget(Money(sum(cost.amount_minor for cost in costs), costs[0].currency), config.budget)
    if len(failures) == len(config.chain):
        raise failures[0]


def _story(config: PipelineConfig) -> list[str]:
    if config.copywriter == LOCAL:
        return split_story(config.prompts[0])
    return [config.prompts[0]] * PARTS  # a model writes it later; the idea stands for each part until then


def _invalid(field: str, rule: str, fix: str) -> InvalidInputError:
    return InvalidInputError(f"The run cannot begin: {rule}.", fix=fix, errors=[FieldProblem(field, rule, fix)])
