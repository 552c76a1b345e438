"""The queues and their limits."""

from enum import StrEnum
from typing import TypedDict

APPLICATION = "mediaposter"
VERSION = "1"


class Queue(StrEnum):
    """The queues. Few, because each is polled; work of one kind is spread over partitions of one queue."""

    RUNS = "runs"
    GENERATE = "generate"  # partition: the provider
    PUBLISH = "publish"  # partition: the account; one at a time for each
    TIMELINE = "timeline"


class Limits(TypedDict, total=False):
    """How many workflows of a queue run at once: in one worker, and over all workers in one partition."""

    worker_concurrency: int
    partition_concurrency: int


LIMITS: dict[Queue, Limits] = {
    Queue.RUNS: {"worker_concurrency": 8},
    Queue.GENERATE: {"worker_concurrency": 8, "partition_concurrency": 4},
    Queue.PUBLISH: {"worker_concurrency": 16, "partition_concurrency": 1},
    Queue.TIMELINE: {"worker_concurrency": 16},
}
