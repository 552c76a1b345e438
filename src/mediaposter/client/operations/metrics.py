"""The operations of metrics. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.metrics.schemas import SnapshotRead


def list_snapshots(
    *, publication_id: str | None = None, run_id: str | None = None, account_id: str | None = None, limit: int = 100
) -> Call[list[SnapshotRead]]:
    """List the readings of publications, newest first.

    Five of each publication: at 1h, 6h, 24h, 72h and 7d. A count that is null is unknown, not zero.
    """
    return Call(
        "GET",
        "/api/metrics/snapshots",
        list[SnapshotRead],
        query={"publication_id": publication_id, "run_id": run_id, "account_id": account_id, "limit": limit},
    )
