"""What the vendors of generated video have in common: models as data, prices, and answers told in our errors."""

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from mediaposter.core.errors import FieldProblem, ForbiddenError, NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings, variable_name
from mediaposter.generation.errors import (
    JobNotFoundError,
    ProviderBusyError,
    ProviderRefusedError,
    RequestUnsuitableError,
    SubmitUnknownError,
)
from mediaposter.generation.provider import Capabilities, Money
from mediaposter.generation.schemas import Aspect, ClipRequest

TIMEOUT = 60.0  # seconds for one call; a job is only begun or asked about
_WAIT = 15.0  # seconds before a full vendor is asked again that names no time
_NEVER_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
_SPENT = ("insufficient", "billing", "credit", "exhausted_balance")
_MODERATION = ("moderation", "policy", "safety", "sentinel", "prohibited", "blocked")


@dataclass(frozen=True)
class VideoModel:
    """A model that films. `sizes` are the vendor's words for each shape; lengths in seconds, `choices` the only ones.

    `prompt_max` counts UTF-16 units. `usd` is the price of a second with sound in US dollars where it is known.
    """

    sizes: Mapping[Aspect, str]
    seconds: tuple[float, float] = (4, 8)
    choices: tuple[float, ...] = ()
    usual: float = 8
    prompt_max: int = 1000
    usd: Decimal | None = None

    def able(self, settings: Settings, *, parallel: int) -> Capabilities:
        """Return what a provider can do with this model."""
        low, high = (self.choices[0], self.choices[-1]) if self.choices else self.seconds
        return Capabilities(
            aspects=tuple(self.sizes),
            seconds_min=low,
            seconds_max=high,
            choices=self.choices,
            audio=True,
            films=True,
            max_parallel=parallel,
            poll_seconds=settings.video_poll_seconds,
            deadline_seconds=settings.video_deadline_minutes * 60,
        )


@dataclass(frozen=True)
class Answer:
    """What a vendor said to a call that failed. `status` None: it said nothing; `sent` False: it never heard us."""

    status: int | None
    message: str
    code: str = ""
    after: float | None = None
    sent: bool = True

    @property
    def moderated(self) -> bool:
        """Whether it is about what was asked for, and not about how."""
        return any(word in self.code.lower() for word in _MODERATION)

    @property
    def spent(self) -> bool:
        """Whether the account's money or quota is used up, which waiting does not mend."""
        return self.status == 402 or any(word in self.code.lower() for word in _SPENT)


def is_moderation(code: str | None) -> bool:
    """Say whether a job's error code means that its content was refused."""
    return bool(code) and Answer(None, "", str(code)).moderated


def answer_of(error: Exception) -> Answer:
    """Read an error of an SDK, or of an HTTP client, whichever it is: they agree on these few names."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        code = getattr(error, "code", None)
        status = code if isinstance(code, int) else None
    words, code = _words(getattr(error, "body", None) or getattr(error, "details", None))
    message = words or str(getattr(error, "message", "") or error) or type(error).__name__
    if status is None:
        causes = {type(error).__name__, type(error.__cause__).__name__, type(error.__context__).__name__}
        return Answer(None, message, code, sent=not causes & _NEVER_SENT)
    headers = getattr(getattr(error, "response", None), "headers", {})
    return Answer(status, message, code, after=retry_after(headers))


def retry_after(headers: Any) -> float | None:
    """Return the seconds of a Retry-After header, None where there is none that is a number."""
    value = headers.get("retry-after", "") if headers else ""
    try:
        return max(0.0, min(float(value), 3600.0))
    except ValueError:
        return None


@contextmanager
def submitting(name: str, setting: str) -> Generator[None]:
    """Turn what goes wrong with a creating call into one of the errors that `provider.Provider.submit` may raise."""
    try:
        yield
    except _OURS:
        raise
    except Exception as error:
        raise refusal(name, setting, answer_of(error)) from error


@contextmanager
def asking(name: str, setting: str) -> Generator[None]:
    """Turn what goes wrong with a call that only reads into our errors. Passing faults are UpstreamErrors."""
    try:
        yield
    except _OURS:
        raise
    except Exception as error:
        told = answer_of(error)
        if told.status in (404, 410):
            raise JobNotFoundError(f"{name} does not know the job: {told.message}") from error
        if told.status in (401, 403):
            raise key_refused(name, setting, told.message) from error
        raise UpstreamError(f"{name} did not answer: {told.message}", fix="Try again in a minute.") from error


_OURS = (
    ForbiddenError,
    JobNotFoundError,
    NotConfiguredError,
    ProviderBusyError,
    ProviderRefusedError,
    RequestUnsuitableError,
    SubmitUnknownError,
    UpstreamError,
)


def refusal(name: str, setting: str, told: Answer) -> Exception:
    """Return what a failed submit means: nothing made, and why, or nobody knows."""
    if not told.sent:
        return ProviderBusyError(f"{name} cannot be reached: {told.message}", after=_WAIT)
    if told.status is None or told.status >= 500:
        said = f"it answered {told.status}: {told.message}" if told.status else f"no answer came: {told.message}"
        return SubmitUnknownError(said, fix=f"Look into your account at {name}.")
    if told.status == 429 and not told.spent:
        return ProviderBusyError(f"{name} is full: {told.message}", after=_WAIT if told.after is None else told.after)
    return _declined(name, setting, told)


def _declined(name: str, setting: str, told: Answer) -> Exception:
    if told.moderated:
        return ProviderRefusedError(f"{name} will not make this: {told.message}", fix="Reword the prompt.")
    if told.spent:
        fix = f"Add credit at {name}, or name another provider."
        return RequestUnsuitableError(f"{name} takes no more jobs of this account: {told.message}", fix=fix)
    if told.status in (401, 403):
        return key_refused(name, setting, told.message)
    fix = "Change what is named, or name another provider or model."
    return RequestUnsuitableError(f"{name} cannot make this: {told.message}", fix=fix)


def key_refused(name: str, setting: str, message: str) -> ForbiddenError:
    """Return the error for a key that the vendor does not take."""
    return ForbiddenError(f"{name} refused the key: {message}", fix=f"Check {variable_name(setting)}.")


def missing_key(name: str, setting: str, key: SecretStr | None) -> NotConfiguredError | None:
    """Return what is missing when there is no key."""
    if key is not None and key.get_secret_value().strip():
        return None
    variable = variable_name(setting)
    return NotConfiguredError(
        variable, f"The provider {name} needs a key, and {variable} is not set.", fix=f"Set {variable}."
    )


def unpriced(name: str, model: str, spec: VideoModel, settings: Settings) -> NotConfiguredError | None:
    """Return what is missing when nobody has said what a second of `model` costs: nothing is bought blindly."""
    if _rate(name, model, spec, settings) is not None:
        return None
    return NotConfiguredError(
        variable_name("video_prices"),
        f"What {model} costs at {name} is not known here, and nothing is bought at an unknown price.",
        fix=f'Look it up and set {variable_name("video_prices")}, as {{"{name}:{model}": 0.15}} in dollars a second.',
    )


def quote(name: str, model: str, spec: VideoModel, settings: Settings, request: ClipRequest) -> Money:
    """Return the price of a clip, in cents, rounded up."""
    rate = _rate(name, model, spec, settings) or Decimal(0)
    return Money(math.ceil(rate * Decimal(str(seconds_of(spec, request))) * 100), "USD")


def _rate(name: str, model: str, spec: VideoModel, settings: Settings) -> Decimal | None:
    return settings.video_prices.get(f"{name}:{model}", spec.usd)


def seconds_of(spec: VideoModel, request: ClipRequest) -> float:
    """Return the length asked for, or the model's usual one."""
    return request.seconds if request.seconds is not None else spec.usual


def prompt_of(spec: VideoModel, request: ClipRequest) -> str:
    """Return the words for a model that films: the prompt, then what all parts share. Raises RequestUnsuitableError."""
    words = request.prompt or request.script
    if not words:
        raise _unsuitable("prompt", "a prompt is needed", "Give one.")
    whole = f"{words}\n\n{request.notes}" if request.notes else words
    units = len(whole.encode("utf-16-le")) // 2
    if units > spec.prompt_max:
        rule = f"prompt and notes have {units} characters, and the model takes {spec.prompt_max}"
        raise _unsuitable("prompt", rule, f"Shorten them by {units - spec.prompt_max}.")
    if request.images:
        raise _unsuitable("images", "pictures are not sent to this provider", "Leave them out, or use cards.")
    return whole


def model_of(name: str, setting: str, model: str, known: Mapping[str, VideoModel]) -> VideoModel:
    """Return what is known of a model. Raises NotConfiguredError naming those that are known."""
    spec = known.get(model)
    if spec is None:
        raise unknown_model(name, setting, model, list(known))
    return spec


def unknown_model(name: str, setting: str, model: str, known: Sequence[str]) -> NotConfiguredError:
    """Return the error for a model whose shapes and lengths are not known here."""
    return NotConfiguredError(
        variable_name(setting),
        f"{variable_name(setting)}={model} is not a model that the provider {name} knows.",
        fix=f"Set it to one of {', '.join(known)}.",
    )


def _unsuitable(name: str, rule: str, fix: str) -> RequestUnsuitableError:
    return RequestUnsuitableError(f"{name}: {rule}.", fix=fix, errors=[FieldProblem(name, rule, fix)])


def _words(body: object) -> tuple[str, str]:
    """Return message and code out of an error body, in any of the shapes that the vendors use."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, str):
            return inner, str(body.get("code") or "")
        if isinstance(inner, dict):
            detail = inner.get("detail")
            if isinstance(detail, list) and detail and isinstance(detail[0], dict):
                return str(detail[0].get("msg", "")), str(detail[0].get("type", ""))
            message = inner.get("message") or (detail if isinstance(detail, str) else "")
            code = inner.get("code") if isinstance(inner.get("code"), str) else inner.get("status")
            return str(message or ""), str(code or inner.get("error_type") or inner.get("type") or "")
    return "", ""
