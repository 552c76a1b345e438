"""The closed set of outcomes of a publication, and the only ways from one to another."""

from enum import StrEnum

from mediaposter.publishing.errors import PublicationStateError


class Outcome(StrEnum):
    """How a publication stands. Everything but `planned` and `cancelled` may be public."""

    PLANNED = "planned"  # not sent; waits for its worker, its time or its account
    ARMED = "armed"  # the one public call is going out, or was when its process died
    SENT = "sent"  # the platform took it and has not yet said that it is public
    CONFIRMED = "confirmed"  # public
    REJECTED = "rejected"  # surely not public; `problem` says why and what to do
    UNKNOWN = "unknown"  # it may be public: settled by reading the platform, never by sending again
    CANCELLED = "cancelled"  # taken back before it was sent


TRANSITIONS: dict[Outcome, frozenset[Outcome]] = {
    Outcome.PLANNED: frozenset({Outcome.ARMED, Outcome.REJECTED, Outcome.CANCELLED}),
    # Back to planned: the platform refused for now and guarantees that nothing was made.
    Outcome.ARMED: frozenset({Outcome.SENT, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.PLANNED}),
    # To unknown: it was taken, and its deadline passed without a word.
    Outcome.SENT: frozenset({Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNKNOWN}),
    # To sent: it was read there, and the platform still works on it.
    Outcome.UNKNOWN: frozenset({Outcome.SENT, Outcome.CONFIRMED, Outcome.REJECTED}),
    # A new attempt, on somebody's word or because the platform was read and it is proven absent.
    Outcome.REJECTED: frozenset({Outcome.PLANNED}),
    Outcome.CANCELLED: frozenset({Outcome.PLANNED}),
    Outcome.CONFIRMED: frozenset(),
}

OPEN = frozenset({Outcome.PLANNED, Outcome.ARMED, Outcome.SENT, Outcome.UNKNOWN})
MAYBE_PUBLIC = frozenset({Outcome.ARMED, Outcome.SENT, Outcome.CONFIRMED, Outcome.UNKNOWN})


def check_transition(current: Outcome, to: Outcome) -> None:
    """Raise PublicationStateError unless a publication that is `current` may become `to`."""
    if to not in TRANSITIONS[current]:
        allowed = ", ".join(sorted(TRANSITIONS[current])) or "nothing else"
        raise PublicationStateError(
            f"A publication that is {current} cannot become {to}.", fix=f"From {current} it can become {allowed}."
        )
