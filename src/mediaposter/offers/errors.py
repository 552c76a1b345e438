"""The errors of the offers room."""

from mediaposter.core.errors import InvalidInputError, MediaPosterError, NotFoundError


class OfferUrlError(InvalidInputError):
    """The URL of an offer cannot be a redirect's target."""

    code = "OFFER_URL"
    title = "The offer's URL cannot be used"


class NoSuchOfferError(NotFoundError):
    code = "NO_SUCH_OFFER"
    title = "There is no such offer"


class SignatureError(MediaPosterError):
    """Whoever tells of a conversion has not proven who they are."""

    code = "SIGNATURE"
    title = "The signature cannot be accepted"
    status = 401


class ConversionError(InvalidInputError):
    """What is told of a conversion breaks a rule."""

    code = "CONVERSION"
    title = "The conversion cannot be recorded"
