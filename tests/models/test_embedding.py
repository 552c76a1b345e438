"""MiniLM in numpy gives the similarities that the reference implementation gives."""

import numpy as np
import pytest

from mediaposter.models.embedding import embed

pytestmark = pytest.mark.feature("ARCH-003")
ROBOT = "A robot that waters plants"


@pytest.mark.parametrize(
    ("other", "similarity"),
    # Reference values of sentence-transformers/all-MiniLM-L6-v2, to two digits.
    [("automatic irrigation", 0.46), ("the stock market crashed today", -0.02), (ROBOT, 1.0)],
)
def test_similarities_are_those_of_the_reference(other: str, similarity: float) -> None:
    one, two = embed([ROBOT, other])
    assert float(one @ two) == pytest.approx(similarity, abs=0.015)


def test_vectors_have_length_one() -> None:
    lengths = np.linalg.norm(embed([ROBOT, "", "🤖" * 50, "word " * 2000]), axis=1)
    assert lengths == pytest.approx(np.ones(4), abs=1e-5)


def test_a_sentence_has_the_same_vector_alone_and_in_a_batch() -> None:
    alone = embed([ROBOT])[0]
    among = embed(["A much longer sentence that makes the batch wide, so that the short ones are padded.", ROBOT])[1]
    assert float(alone @ among) == pytest.approx(1, abs=1e-4)


def test_no_sentences_are_no_vectors() -> None:
    assert embed([]).shape == (0, 384)
