"""The operations of generation. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.generation.views import BatchRead, ClipRead, MultiPartRequest, ProviderRead, RetryRequest


def providers() -> Call[list[ProviderRead]]:
    """The installed providers of clips, and what each still needs.

    List providers with their capabilities.
    """
    return Call("GET", "/api/generation/providers", list[ProviderRead])


def show_clip(clip_id: str) -> Call[ClipRead]:
    """One clip: its state, its tries, its cost.

    Show a clip.
    """
    return Call("GET", "/api/generation/clips/{clip_id}", ClipRead, values={"clip_id": clip_id})


def retry_clip(clip_id: str, *, body: RetryRequest | None = None) -> Call[ClipRead]:
    """Make a failed, cancelled or unknown clip after all.

    Plan the clip anew, or follow the job that was found at the provider.
    """
    return Call("POST", "/api/generation/clips/{clip_id}/retry", ClipRead, values={"clip_id": clip_id}, body=body)


def multi_part(body: MultiPartRequest) -> Call[BatchRead]:
    """Make clips from prompts, side by side, and join them.

    Queue the clips and answer at once with where to look.
    """
    return Call("POST", "/api/generation/multi-part", BatchRead, body=body)


def show_batch(batch_id: str) -> Call[BatchRead]:
    """A batch of clips and the master they became.

    Show a batch.
    """
    return Call("GET", "/api/generation/multi-part/{batch_id}", BatchRead, values={"batch_id": batch_id})
