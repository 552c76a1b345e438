"""The provider `cards`: a prompt or a script becomes a designed, animated, spoken video. Needs only this machine."""

from mediaposter.generation.providers.cards.maker import CardsProvider

__all__ = ["CardsProvider"]
