"""The parameter sets of H.264 in an MP4 (the `avcC` record, ISO/IEC 14496-15): their numbers, and merging.

Pictures of two encoders can stand in one MP4 track without parameter sets inside the stream, which some players do not
take, when each encoder's sets have numbers of their own and the one `avcC` of the track lists them all.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_HIGH_PROFILES = {100, 110, 122, 144}
MOST_SETS = 31


class UnmergeableError(ValueError):
    """Two records cannot stand in one track."""


@dataclass(frozen=True)
class AvcRecord:
    """An `avcC`: profile, compatibility and level, the bytes of the length fields, and the parameter sets."""

    profile: int
    compatibility: int
    level: int
    length_size: int
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    tail: bytes

    @property
    def numbers(self) -> set[int]:
        """The numbers that its parameter sets carry."""
        return {_number(unit[4:]) for unit in self.sps} | {_number(unit[1:]) for unit in self.pps}

    def pack(self) -> bytes:
        """Return the record as bytes."""
        head = bytes([1, self.profile, self.compatibility, self.level, 0xFC | self.length_size - 1])
        sps = b"".join(struct.pack(">H", len(unit)) + unit for unit in self.sps)
        pps = b"".join(struct.pack(">H", len(unit)) + unit for unit in self.pps)
        return head + bytes([0xE0 | len(self.sps)]) + sps + bytes([len(self.pps)]) + pps + self.tail


def parse(extradata: bytes) -> AvcRecord:
    """Return the record in `extradata`. Raises UnmergeableError when it is none."""
    try:
        version, profile, compatibility, level, sizes = extradata[:5]
        if version != 1:
            raise UnmergeableError("not an avcC record")
        sps, place = _units(extradata, 6, extradata[5] & 31)
        pps, place = _units(extradata, place + 1, extradata[place])
    except (ValueError, IndexError, struct.error) as error:
        raise UnmergeableError("the avcC record is broken") from error
    return AvcRecord(profile, compatibility, level, (sizes & 3) + 1, sps, pps, extradata[place:])


def free_number(records: Sequence[AvcRecord]) -> int:
    """Return a number for parameter sets that none of `records` uses. Raises UnmergeableError when all are taken."""
    taken: set[int] = set()
    for record in records:
        taken |= record.numbers
    for number in range(1, MOST_SETS + 1):
        if number not in taken:
            return number
    raise UnmergeableError("every number of parameter sets is taken")


def merge(first: AvcRecord, second: AvcRecord) -> AvcRecord:
    """Return one record for a track that holds pictures of both. Raises UnmergeableError when they contradict."""
    if first.length_size != second.length_size:
        raise UnmergeableError("the lengths of picture units are written differently")
    if first.tail and second.tail and first.tail != second.tail:
        raise UnmergeableError("their colour formats differ")
    sps = tuple(dict.fromkeys(first.sps + second.sps))
    pps = tuple(dict.fromkeys(first.pps + second.pps))
    if len({_number(unit[4:]) for unit in sps}) < len(sps) or len({_number(unit[1:]) for unit in pps}) < len(pps):
        raise UnmergeableError("two different parameter sets have the same number")
    return AvcRecord(
        first.profile,
        first.compatibility & second.compatibility,
        max(first.level, second.level),
        first.length_size,
        sps,
        pps,
        first.tail or (second.tail if first.profile in _HIGH_PROFILES else b""),
    )


def _units(data: bytes, place: int, count: int) -> tuple[tuple[bytes, ...], int]:
    units: list[bytes] = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", data, place)
        place += 2
        if place + length > len(data):
            raise UnmergeableError("the avcC record is cut off")
        units.append(data[place : place + length])
        place += length
    return tuple(units), place


def _number(payload: bytes) -> int:
    """Return the first exp-Golomb number of `payload`: the id of a parameter set (H.264, 7.3.2.1 and 7.3.2.2)."""
    bits = "".join(f"{byte:08b}" for byte in payload[:4])
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
