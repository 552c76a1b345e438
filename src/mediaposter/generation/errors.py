"""The errors of the generation room.

MediaPosterError
├── UnknownProviderError      404  no such provider is installed
├── ProviderRetiredError      410  the vendor ended the service; names the date and the alternatives
├── RequestUnsuitableError    400  this provider cannot make that clip (length, aspect, script)
├── ProviderBusyError         503  nothing was created; try again after `after` seconds
├── ProviderRefusedError      422  the provider will not make this clip, however often it is asked
├── SubmitUnknownError        502  the answer to a submit never came: a job may exist, and may cost money
├── BudgetReachedError        402  the parts of the owner may not cost that much more; nothing was bought
├── JobNotFoundError          404  the provider does not know this job (any more)
├── JobFailedError            502  the provider tried and failed
├── GenerationTimeoutError    504  the job was not done by its deadline
└── NoProviderLeftError       502  every provider of the chain failed; names each reason
"""

from collections.abc import Sequence
from datetime import date
from typing import Self

from mediaposter.core.errors import FieldProblem, InvalidInputError, MediaPosterError, NotFoundError


class UnknownProviderError(NotFoundError):
    """No provider of that name is installed."""

    code = "PROVIDER_UNKNOWN"
    title = "There is no such provider"


class ProviderRetiredError(MediaPosterError):
    """The vendor ended the service."""

    code = "PROVIDER_RETIRED"
    status = 410
    title = "The service behind this provider has ended"

    @classmethod
    def of(cls, name: str, *, retired_on: date, alternatives: Sequence[str]) -> Self:
        """Return the error for a provider whose service ended on `retired_on`."""
        return cls(
            f"The service behind the provider {name} ended on {retired_on.isoformat()}.",
            fix=f"Choose another provider: {', '.join(alternatives) or 'cards'}.",
        )


class RequestUnsuitableError(InvalidInputError):
    """The provider cannot make this clip; another one may."""

    code = "REQUEST_UNSUITABLE"
    title = "This provider cannot make that clip"


class ProviderBusyError(MediaPosterError):
    """The provider is full or slow. Nothing was created, so the same call may be made again after `after` seconds."""

    code = "PROVIDER_BUSY"
    status = 503
    title = "The provider has no room right now"

    def __init__(self, detail: str, *, after: float = 5.0, fix: str = "") -> None:
        super().__init__(detail, fix=fix or "Wait a little, then try again.")
        self.after = after


class ProviderRefusedError(MediaPosterError):
    """The provider says no, and will say no again: a rule on content, an account without credit."""

    code = "PROVIDER_REFUSED"
    status = 422
    title = "The provider refuses to make this clip"


class SubmitUnknownError(MediaPosterError):
    """Nobody knows whether the submit created a job. It is not repeated where a second job would cost money."""

    code = "SUBMIT_UNKNOWN"
    status = 502
    title = "It is not known whether the provider took the job"


class BudgetReachedError(MediaPosterError):
    """The clip would cost more than is left for its owner's parts. Nothing was bought."""

    code = "BUDGET_REACHED"
    status = 402
    title = "The budget does not allow this clip"


class JobNotFoundError(NotFoundError):
    """The provider does not know the job: it was lost with a process, or is too old."""

    code = "JOB_NOT_FOUND"
    title = "The provider does not know this job"


class JobFailedError(MediaPosterError):
    """The provider worked on the job and gave up."""

    code = "JOB_FAILED"
    status = 502
    title = "The provider could not make the clip"


class GenerationTimeoutError(MediaPosterError):
    """The job was still not done at its deadline; it was cancelled where the provider allows that."""

    code = "GENERATION_TIMEOUT"
    status = 504
    title = "The clip took too long"


class NoProviderLeftError(MediaPosterError):
    """Every provider of the chain failed. `errors` has one entry for each."""

    code = "NO_PROVIDER_LEFT"
    status = 502
    title = "No provider could make the clip"

    @classmethod
    def of(cls, failures: Sequence[FieldProblem]) -> Self:
        """Return the error for a chain of which each provider (`field`) failed (`rule`, `fix`)."""
        if len(failures) == 1:
            return cls(failures[0].rule, fix=failures[0].fix, errors=failures)
        listed = " ".join(f"{failure.field}: {failure.rule}" for failure in failures)
        first = failures[0].fix if failures else "Name at least one provider."
        return cls(f"No provider could make the clip. {listed}", fix=first, errors=failures)
