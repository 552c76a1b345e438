"""A program that speaks one text with Piper: JSON in by standard input, a WAV file and JSON out by standard output.

Piper is under the GPL. MediaPoster does not import it: `models.voice` runs this file in a process of its own, as one
runs any program, and nothing else may import it.

In:  {"model": path, "config": path, "text": str, "wav": path, "length_scale": float, "pause": seconds}
Out: {"sample_rate": int, "seconds": float, "aligned": bool, "words": [[word, start, end], ...]}
Words are those between blanks in the text, in order; times are in seconds from the start of the WAV file.
"""

import difflib
import json
import re
import sys
import unicodedata
import wave
from pathlib import Path

import numpy as np
import onnxruntime
from piper.config import PiperConfig, SynthesisConfig
from piper.voice import AudioChunk, PiperVoice

_DURATIONS = re.compile(rb"/(?:[\w.]+/)*Ceil_output_0")
Sound = tuple[str, float, float]  # a phoneme and its start and end in seconds


def main() -> None:
    """Read the order, speak, answer."""
    order = json.load(sys.stdin)
    voice = load(Path(order["model"]), Path(order["config"]))
    rate = voice.config.sample_rate
    pause = np.zeros(int(float(order["pause"]) * rate), dtype=np.int16)
    pieces: list[np.ndarray] = []
    sounds: list[Sound] = []
    aligned = True
    offset = 0.0
    settings = SynthesisConfig(length_scale=float(order["length_scale"]))
    for chunk in voice.synthesize(order["text"], settings, include_alignments=True):
        if pieces:
            pieces.append(pause)
            offset += len(pause) / rate
        aligned = aligned and chunk.phoneme_alignments is not None
        sounds += sounds_of(chunk, offset)
        pieces.append(chunk.audio_int16_array)
        offset += len(chunk.audio_int16_array) / rate
    samples = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
    with wave.open(order["wav"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    words = order["text"].split()
    spoken = [[sign for sentence in voice.phonemize(word) for sign in sentence if is_sound(sign)] for word in words]
    times = word_times(spoken, sounds, offset)
    answer = {
        "sample_rate": rate,
        "seconds": offset,
        "aligned": aligned,
        "words": [[word, start, end] for word, (start, end) in zip(words, times, strict=True)],
    }
    json.dump(answer, sys.stdout)


def load(model: Path, config: Path) -> PiperVoice:
    """Load a voice so that it also gives the length of each phoneme."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        with_durations(model.read_bytes()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return PiperVoice(session=session, config=PiperConfig.from_dict(json.loads(config.read_text(encoding="utf-8"))))


def with_durations(model: bytes) -> bytes:
    """Return the ONNX `model` with its tensor of phoneme lengths as a second output.

    A protobuf message may come in pieces: parsers merge them. So one more output is a few bytes at the end, where
    piper's own way needs the whole `onnx` package. A model without one such tensor is returned as it is.
    """
    names = set(_DURATIONS.findall(model))
    if len(names) != 1:
        return model
    output = _field(1, names.pop())  # ValueInfoProto.name
    return model + _field(7, _field(12, output))  # ModelProto.graph, GraphProto.output


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def is_sound(sign: str) -> bool:
    """Whether a phoneme sign is a sound, and not stress, a blank, punctuation or a mark of begin and end."""
    return bool(sign) and unicodedata.category(sign[0]) in {"Ll", "Lo", "Lu"}


def sounds_of(chunk: AudioChunk, offset: float) -> list[Sound]:
    """Return the sounds of a spoken sentence with their times. Without alignments all take equally long."""
    rate = chunk.sample_rate
    if chunk.phoneme_alignments is not None:
        lengths = [(item.phoneme, item.num_samples / rate) for item in chunk.phoneme_alignments]
    else:
        share = len(chunk.audio_int16_array) / rate / max(1, len(chunk.phonemes))
        lengths = [(sign, share) for sign in chunk.phonemes]
    sounds: list[Sound] = []
    moment = offset
    for sign, length in lengths:
        if is_sound(sign):
            sounds.append((sign, moment, moment + length))
        moment += length
    return sounds


def word_times(spoken: list[list[str]], sounds: list[Sound], end: float) -> list[tuple[float, float]]:
    """Find each word, given as its own sounds, in the sounds of the whole.

    In a sentence words change and melt together ("of the" is one group), so the two rows are matched like texts.
    """
    owners = [index for index, signs in enumerate(spoken) for _ in signs]
    alone = [sign for signs in spoken for sign in signs]
    matcher = difflib.SequenceMatcher(None, alone, [sign for sign, _, _ in sounds], autojunk=False)
    found: dict[int, tuple[float, float]] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            owner = owners[block.a + step]
            _, start, stop = sounds[block.b + step]
            known = found.get(owner)
            found[owner] = (start, stop) if known is None else (known[0], stop)
    times: list[tuple[float, float]] = []
    for index in range(len(spoken)):
        start = found[index][0] if index in found else (times[-1][1] if times else 0.0)
        later = next((found[other][0] for other in range(index + 1, len(spoken)) if other in found), end)
        stop = found[index][1] if index in found else (start if not spoken[index] else later)
        times.append((start, min(max(stop, start), max(later, start))))
    return times


if __name__ == "__main__":
    main()
