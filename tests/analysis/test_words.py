"""Sentences, tidying, cutting and topics: the small parts that copy is made of."""

import pytest

from mediaposter.analysis.extract import headline, pool, rank_titles
from mediaposter.analysis.phrases import hashtags
from mediaposter.analysis.sentences import cut_at_word, split_sentences, tidy
from mediaposter.analysis.topics import find_topics

pytestmark = pytest.mark.feature("ARCH-003")


@pytest.mark.parametrize(
    ("rough", "clean"),
    [
        ("Hook: Most people waste two hours a day", "Most people waste two hours a day."),
        ("so um, the pump broke", "The pump broke."),
        ("Part 2 - the tension", "The tension."),
        ("Show [b-roll of pump] the pump (close-up)", "Show the pump."),
        ("iPhone cameras are good", "iPhone cameras are good."),
        ("Read it at https://example.com/x now", "Read it at now."),
        ("Is it over ?", "Is it over?"),
        ("- a list item", "A list item."),
        ("Hey guys, welcome back to the channel! ", ""),
        ("Today I want to talk about why bread fails", "Why bread fails."),
        ("So many people get this wrong", "So many people get this wrong."),
        ("Now is the time", "Now is the time."),
        ("3 reasons to wait", "3 reasons to wait."),
        ("🎉🎉", ""),
        ("...", ""),
    ],
)
def test_tidies_what_people_say_and_write(rough: str, clean: str) -> None:
    assert tidy(rough) == clean


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith agrees. So do we.", ["Dr. Smith agrees.", "So do we."]),
        ("It costs 3.50 euros. Cheap.", ["It costs 3.50 euros.", "Cheap."]),
        ("no end\nnew line", ["no end", "new line"]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_splits_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_cuts_what_was_said_in_one_breath() -> None:
    said = (
        "the savings account loses money every year " * 4
        + "so inflation was three percent last year and your bank " * 3
    )
    assert len(split_sentences(said)) > 1


@pytest.mark.parametrize(
    ("limit", "cut"),
    [
        (60, "Today we are testing a small robot that waters plants"),
        (50, "Today we are testing a small robot that waters…"),
        (45, "Today we are testing a small robot…"),
        (24, "Today we are testing…"),
        (6, "Today…"),
        (3, "To…"),
        (0, ""),
    ],
)
def test_cuts_at_a_word_and_leaves_none_hanging(limit: int, cut: str) -> None:
    text = "Today we are testing a small robot that waters plants"
    assert cut_at_word(text, lambda part: len(part) <= limit) == cut


def test_a_long_sentence_is_a_title_up_to_its_seam() -> None:
    text = (
        "The pump was far too weak for the tall plants in our office, so we built a new one from parts we had at home."
    )
    assert headline(text) == "The pump was far too weak for the tall plants in our office"


def test_topics_are_things_of_the_text() -> None:
    text = (
        "Today we are testing a small robot that waters house plants while you are away. "
        "The first version broke because the pump was too weak. It measures the moisture of the soil every hour."
    )
    topics = find_topics(text)
    assert {"house plants", "small robot"} <= set(topics)
    assert not {"today", "testing", "broke", "weak", "waters"} & set(topics)


def test_nothing_has_no_topics() -> None:
    assert find_topics("") == ()


def test_a_sentence_that_leans_on_another_is_no_title() -> None:
    sentences = pool((), "It is almost never the beans. Water that is too hot burns the coffee. They taught me that.")
    assert rank_titles(sentences)[0].text.startswith("Water")


def test_orders_to_the_maker_are_not_shown_to_viewers() -> None:
    prompts = ("Create a 30 second video about why remote teams should write more", "End with a call to action")
    assert [sentence.text for sentence in pool(prompts, "")] == ["Why remote teams should write more."]


def test_keywords_become_one_line() -> None:
    assert [s.text for s in pool(("morning routine", "5 am club"), "")] == ["Morning routine, 5 am club."]


def test_a_hashtag_does_not_end_in_what_only_describes() -> None:
    topics = ("end deep", "cotton string", "dry", "soil")
    assert hashtags(topics, most=5, language="en", turn=0) == ("CottonString", "soil")
