"""What is peculiar to Bluesky: facets by bytes, one key for each publication."""

import pytest

from mediaposter.publishing.channels.bluesky import facets, record_key

pytestmark = pytest.mark.feature("BLOT-001")


def marked(text: str, **mentions: str) -> list[tuple[str, str]]:
    raw = text.encode()
    return [
        (
            raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(),
            one["features"][0]["$type"].partition("#")[2],
        )
        for one in facets(text, mentions)
    ]


def test_facets_count_bytes_and_not_characters() -> None:
    assert marked("Ümläut 🌱 https://example.com/ä?x=1. #garden") == [
        ("https://example.com/ä?x=1", "link"),
        ("#garden", "tag"),
    ]


def test_the_fragment_of_a_link_is_no_hashtag() -> None:
    assert marked("See https://example.com/#top") == [("https://example.com/#top", "link")]


def test_only_handles_that_somebody_has_are_mentions() -> None:
    found = facets("@ann.test and @nobody.test", {"ann.test": "did:plc:ann"})
    assert [one["features"][0]["did"] for one in found] == ["did:plc:ann"]


def test_a_publication_has_one_key_of_its_own() -> None:
    keys = {record_key(f"pub_{number}") for number in range(1000)}
    assert len(keys) == 1000
    assert record_key("pub_1") == record_key("pub_1")
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
