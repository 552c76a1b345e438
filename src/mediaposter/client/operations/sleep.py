"""The operations of sleep. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.core.power_schemas import SleepStatusRead, WakeRead, WakeRequest


def show_status() -> Call[SleepStatusRead]:
    """Whether the workers sleep, and when they wake next.

    Asking wakes nobody.
    """
    return Call("GET", "/api/sleep/status", SleepStatusRead)


def enter() -> Call[SleepStatusRead]:
    """Tell the workers to sleep.

    What is in hand, queued or nearly due is finished first, however long it takes.
    """
    return Call("POST", "/api/sleep/enter", SleepStatusRead)


def wake() -> Call[SleepStatusRead]:
    """Wake the workers.

    They are awake in well under a second; those that are stay awake.
    """
    return Call("POST", "/api/sleep/wake", SleepStatusRead)


def schedule_wake(body: WakeRequest) -> Call[WakeRead]:
    """Let the workers wake at a moment.

    The row survives restarts. A moment that has passed wakes them at once.
    """
    return Call("POST", "/api/sleep/schedule-wake", WakeRead, body=body)


def cancel_wake(wake_id: str) -> Call[None]:
    """Take a wake-up back.

    One that has passed answers 409.
    """
    return Call("DELETE", "/api/sleep/wake/{wake_id}", None, values={"wake_id": wake_id})
