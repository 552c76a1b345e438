"""Stability AI's pictures over REST: `POST /v2beta/stable-image/generate/{core,ultra,sd3}`, forms in, a picture out.

By https://platform.stability.ai/docs/api-reference (read on 2026-11-23). Its SDK on PyPI speaks an older API.
"""

import math

import httpx

from mediaposter.models import faults
from mediaposter.models.access import Access
from mediaposter.models.errors import ModelRefusedError

# A picture has about a megapixel, in the nearest of these forms.
_RATIOS = {
    name: int(name.partition(":")[0]) / int(name.partition(":")[2])
    for name in ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
}


async def draw(access: Access, prompt: str, *, ratio: str, seed: int) -> bytes:
    """Return a picture (PNG) in the form `ratio`. `seed` 0: whatever comes. Raises ModelErrors."""
    kind = access.model if access.model in {"core", "ultra"} else "sd3"
    form = {"prompt": prompt, "aspect_ratio": ratio, "output_format": "png", "seed": str(seed)}
    if kind == "sd3":
        form["model"] = access.model
    # Fields as files without names: httpx then writes multipart/form-data, which is all that the API takes.
    fields = {name: (None, value.encode()) for name, value in form.items()}
    async with httpx.AsyncClient(timeout=access.seconds, trust_env=False) as client:
        with faults.our_errors(access):
            response = await client.post(
                f"{access.base_url}/v2beta/stable-image/generate/{kind}",
                headers={"authorization": f"Bearer {access.secret}", "accept": "image/*"},
                files=fields,
            )
    faults.check(access, response)
    if response.headers.get("finish-reason") == "CONTENT_FILTERED":
        raise ModelRefusedError(
            f"{access.spec} drew this and blurred it: it breaks the vendor's content policy.",
            fix="Reword it, or choose another model.",
            billed=True,
        )
    if not response.headers.get("content-type", "").startswith("image/"):
        raise faults.unreadable(access, "something that is no picture")
    return response.content


def nearest_ratio(width: int, height: int) -> str:
    """Return the form that is nearest to `width` x `height`, of those there are."""
    return min(_RATIOS, key=lambda name: abs(math.log(_RATIOS[name] / (width / height))))
