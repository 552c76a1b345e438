"""How a publication stands, in words: a verdict and the next step."""

from typing import NamedTuple

from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome


class Verdict(NamedTuple):
    """What a person reads about a publication. `next` is empty when there is nothing to do."""

    says: str
    next: str


def explain(publication: Publication) -> Verdict:  # noqa: PLR0911 - one for each outcome
    """Return the verdict on a publication that was loaded with its account."""
    problem = publication.problem or {}
    detail: str = problem.get("detail", "")
    fix: str = problem.get("fix", "")
    match publication.outcome:
        case Outcome.PLANNED:
            found, mend = _ahead(publication)
            said = " ".join(part for part in ("Not sent yet.", detail, found) if part)
            return Verdict(said, fix or mend or "Nothing: it is sent by itself.")
        case Outcome.ARMED:
            return Verdict("It is going out now.", "Nothing: if its process dies, the platform is read.")
        case Outcome.SENT:
            return Verdict("The platform took it and has not yet said that it is public.", "Nothing: it is watched.")
        case Outcome.CONFIRMED:
            return Verdict(f"Public{f' at {publication.url}' if publication.url else ''}.", "")
        case Outcome.REJECTED:
            retry = f"mediaposter publications retry {publication.id}"
            return Verdict(f"Not public. {detail}".strip(), f"{fix} Then: {retry}".strip())
        case Outcome.UNKNOWN:
            return Verdict(f"It may be public. {detail}".strip(), fix or "Nothing: the platform is read again.")
        case Outcome.CANCELLED:
            return Verdict("Taken back before it was sent.", "")


def _ahead(publication: Publication) -> tuple[str, str]:
    """Return what the last look ahead found wrong, and the first thing to do about it."""
    seen = publication.preflight or {}
    if seen.get("ok", True):
        return "", ""
    wrong = [
        *((f"{rule['field']}: {rule['rule']}, found {rule['found']}", rule["fix"]) for rule in seen["broken"]),
        *((check["says"].rstrip("."), check["fix"]) for check in seen["checks"] if not check["ok"]),
    ]
    mend = next((fix for _, fix in wrong if fix), "")
    return f"Seen ahead of its time: {'; '.join(says for says, _ in wrong)}.", mend
