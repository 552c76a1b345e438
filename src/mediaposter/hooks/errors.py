"""The errors of the webhooks room."""

from mediaposter.core.errors import InvalidInputError, NotFoundError


class NoSuchEndpointError(NotFoundError):
    code = "NO_SUCH_WEBHOOK"
    title = "There is no such webhook"


class EndpointError(InvalidInputError):
    """The address or the topics of a webhook cannot be so."""

    code = "WEBHOOK"
    title = "The webhook cannot be so"
