"""The errors of publishing. The first five are the classes that a channel may raise; the ledger decides what follows.

MediaPosterError
├── ChannelError                 what a channel says about one call; keeps the platform's answer
│   ├── RetryLaterError          502  refused for now and surely nothing was made; says when to come back
│   ├── RejectedError            422  refused for good; says why and how to mend it
│   │   └── RepeatedError        422  our own guard against showing the same twice
│   ├── ReconnectNeededError     424  the credentials are no longer good
│   └── OutcomeUnknownError      502  sent, and no answer that can be trusted
├── NotConfiguredError           424  a setting is missing (mediaposter.core.errors)
├── UnknownChannelError          404
├── PublicationStateError        409
└── TooManyBeaconsError          429  a visitor of the site counts too often
"""

from datetime import timedelta
from typing import ClassVar

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import ConflictError, MediaPosterError, NotFoundError


class ChannelError(MediaPosterError):
    """Base of what a channel raises. `answer` is the platform's raw answer; the ledger redacts it before it is kept."""

    code: ClassVar[str] = "CHANNEL_ERROR"
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The channel could not do it"

    def __init__(self, detail: str, *, fix: str = "", answer: JsonObject | None = None) -> None:
        super().__init__(detail, fix=fix)
        self.answer = answer


class RetryLaterError(ChannelError):
    """Refused for now. `after` is how long to wait; None when the platform did not say.

    Raise it from `commit` only where the platform guarantees that nothing was made (a 429, a quota answer).
    """

    code = "RETRY_LATER"
    title = "The platform asks to come back later"

    def __init__(
        self, detail: str, *, after: timedelta | None = None, fix: str = "", answer: JsonObject | None = None
    ) -> None:
        super().__init__(detail, fix=fix or "Nothing: it is sent again by itself.", answer=answer)
        self.after = after


class RejectedError(ChannelError):
    """Refused for good: sending the same again would be refused again. `str(error)` is the reason."""

    code = "REJECTED"
    status = 422
    title = "The platform refused the post"

    def __init__(self, reason: str, *, fix: str, answer: JsonObject | None = None) -> None:
        super().__init__(reason, fix=fix, answer=answer)


class ReconnectNeededError(ChannelError):
    """The account's credentials were refused. Nothing was made."""

    code = "RECONNECT_NEEDED"
    status = 424
    title = "The account must be connected again"


class RepeatedError(RejectedError):
    """Our own guard: the account has shown this before. Nothing was sent."""

    code = "REPEATED"
    title = "The account has shown this before"


class OutcomeUnknownError(ChannelError):
    """The call went out and its answer says nothing certain: a timeout, a dropped connection, a 500."""

    code = "OUTCOME_UNKNOWN"
    title = "It is not known whether the post was made"


class UnknownChannelError(NotFoundError):
    """No installed channel has this name."""

    code = "UNKNOWN_CHANNEL"
    title = "There is no such channel"


class PublicationStateError(ConflictError):
    """The publication's outcome does not allow what was asked."""

    code = "PUBLICATION_STATE"
    title = "The publication is not in a state for that"


class TooManyBeaconsError(MediaPosterError):
    """One visitor sent more than a person could."""

    code = "RATE_LIMITED"
    status = 429
    title = "Too many requests"
