"""Waking the engine's queue threads.

DBOS looks at each queue once in an interval and cannot be told of new work: quick looks cost a fifth of a core, slow
ones make everybody wait. So it looks slowly, and we cut its pauses short: whoever enqueues notifies, the worker
listens, and the threads' pause ends. Should a later DBOS pause in another way, only the interval is left.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable

_THREAD_OF = "queue-worker-"  # DBOS names the thread of a queue so; another name would only be rung by the interval
_FREE_LOOKS = 8  # in a second; beyond that work comes in flocks, and is looked for in flocks
_GATHER_SECONDS = 0.1


class Alarm:
    """Ends the pauses of threads that wait on stop events of DBOS."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings: Counter[str] = Counter()  # by the name of the queue's thread; "" rings for all
        self._heard = threading.local()

    def ring(self, queue: str = "") -> None:
        """End the pause of a queue's thread now, or all pauses; one at work skips its next. From any thread."""
        with self._condition:
            self._rings[_THREAD_OF + queue if queue else ""] += 1
            self._condition.notify_all()

    def _rung(self) -> int:
        """Count what has rung for the thread that asks."""
        return self._rings[""] + self._rings[threading.current_thread().name]

    def attach(self, events: Iterable[threading.Event]) -> None:
        """Let `ring` end what waits on these events, as if their time were up. Setting one needs a ring after it."""
        for event in events:
            setattr(event, "wait", self._pause(event))  # noqa: B010 - the type of a method cannot be assigned

    def _pause(self, event: threading.Event) -> Callable[[float | None], bool]:
        def wait(timeout: float | None = None) -> bool:
            heard: int = getattr(self._heard, "rings", -1)
            with self._condition:
                self._condition.wait_for(lambda: event.is_set() or self._rung() != heard, timeout)
                if self._is_busy():
                    self._condition.wait_for(event.is_set, _GATHER_SECONDS)
                self._heard.rings = self._rung()
            return event.is_set()

        return wait

    def _is_busy(self) -> bool:
        """Count one look of this thread, and say whether it has had its free ones in this second."""
        looks: deque[float] | None = getattr(self._heard, "looks", None)
        if looks is None:
            looks = self._heard.looks = deque(maxlen=_FREE_LOOKS)
        now = time.monotonic()
        busy = len(looks) == _FREE_LOOKS and now - looks[0] < 1.0
        looks.append(now)
        return busy


alarm = Alarm()
