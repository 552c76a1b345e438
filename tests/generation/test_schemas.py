"""What may be asked of a provider, and how a wrong wish is told."""

import pytest

from mediaposter.core.errors import InvalidInputError
from mediaposter.generation.schemas import ClipRequest

pytestmark = pytest.mark.feature("ARCH-002", "MF-007")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "request"),
        ({"prompt": "x", "brand": {"palette": ["red"]}}, "brand.palette"),
        ({"prompt": "x", "aspect": "4:3"}, "aspect"),
        ({"prompt": "x", "seconds": 0}, "seconds"),
        ({"prompt": "x", "part": 3, "parts": 2}, "request"),
        ({"prompt": "x", "width": 100, "height": 100}, "request"),
        ({"prompt": "x", "width": 181, "height": 320}, "request"),
        ({"prompt": "x", "colour": "blue"}, "colour"),
    ],
)
def test_a_wrong_wish_names_field_rule_and_mend(wish: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ClipRequest.parse(wish)
    (problem,) = caught.value.errors
    assert (problem.field, bool(problem.rule), bool(problem.fix)) == (field, True, True)


def test_a_request_comes_back_from_its_json_as_it_was() -> None:
    wish = ClipRequest.parse({"prompt": "x", "brand": {"palette": ["#FF0000"]}, "seconds": 4.5})
    assert ClipRequest.parse(wish.to_json()) == wish


def test_equal_requests_have_equal_digests_and_others_do_not() -> None:
    one, same, other = (ClipRequest(prompt=text) for text in ("a", "a", "b"))
    assert one.digest() == same.digest() != other.digest()
