"""Why a value was chosen, in words and numbers."""

from collections.abc import Sequence

from mediaposter.learning.allocation import Chosen, How, Options
from mediaposter.learning.posteriors import Belief, Posterior

_WORDS = {
    How.ONLY: "it is the only value there is",
    How.PINNED: "somebody pinned it",
    How.HOLD_OUT: "drawn at random: this is one of the hold-out, by which the gain of learning is measured",
    How.GATHERING: "drawn at random: too few posts tell about this dimension yet",
    How.EXPLORED: "drawn at random: a small share of choices keeps every value tried",
}


def numbers(belief: Belief) -> str:
    """Return what is believed of a value: effect, interval, number of posts."""
    if belief.n < 0.05:
        return "never tried"
    posts = f"{belief.n:.0f}" if belief.n >= 10 else f"{belief.n:.1f}"
    return f"{belief.mean:+.2f} sd ({belief.low:+.2f} to {belief.high:+.2f}) over {posts} posts"


def explain(chosen: Chosen, posterior: Posterior, options: Options) -> str:
    """Return one line per dimension: the value, and why it is this one."""
    lines: list[str] = []
    for dimension, value in chosen.recipe.items():
        belief = posterior.belief(dimension, value)
        how = chosen.how[dimension]
        if how is How.PREFERRED:
            rivals = [posterior.belief(dimension, other) for other in options.get(dimension, ()) if other != value]
            why = f"{_preference(belief, rivals)}: {numbers(belief)}"
        else:
            why = f"{_WORDS[how]}; so far {numbers(belief)}"
        lines.append(f"{dimension} = {value}: {why}.")
    return "\n".join(lines)


def _preference(belief: Belief, rivals: Sequence[Belief]) -> str:
    best = max(rivals, key=lambda rival: rival.mean)
    if belief.mean >= best.mean:
        sure = "clearly " if belief.low > best.high else ""
        return f"{sure}the best of {len(rivals) + 1}, ahead of {best.value} ({numbers(best)})"
    return f"not sure to be worse than {best.value} ({numbers(best)}), so it gets its turn"
