"""The errors of the offers room."""

from mediaposter.core.errors import InvalidInputError, NotFoundError


class OfferUrlError(InvalidInputError):
    """The URL of an offer cannot be a redirect's target."""

    code = "OFFER_URL"
    title = "The offer's URL cannot be used"


class NoSuchOfferError(NotFoundError):
    code = "NO_SUCH_OFFER"
    title = "There is no such offer"
