"""The errors of the pipeline room."""

from mediaposter.core.errors import ConflictError, MediaPosterError


class RunStateError(ConflictError):
    """The run is in a state that does not allow what was asked."""

    code = "RUN_STATE"
    title = "The run is not in a state for that"


class RunSupersededError(ConflictError):
    """The run was cancelled, or a newer attempt works on it: this workflow must stop."""

    code = "RUN_SUPERSEDED"
    title = "Another attempt works on this run"


class BudgetExceededError(MediaPosterError):
    """The next step would cost more than the run's budget allows. Nothing of it was spent."""

    code = "BUDGET_EXCEEDED"
    status = 402
    title = "The budget does not allow it"
