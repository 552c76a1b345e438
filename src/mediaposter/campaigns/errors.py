"""The errors of the campaigns room."""

from mediaposter.core.errors import ConflictError, InvalidInputError, NotFoundError


class NoSuchCampaignError(NotFoundError):
    code = "NO_SUCH_CAMPAIGN"
    title = "There is no such campaign"


class CampaignError(InvalidInputError):
    """A campaign breaks a rule."""

    code = "CAMPAIGN"
    title = "The campaign cannot be so"


class TweetStateError(ConflictError):
    """A tweet cannot be changed any more."""

    code = "TWEET_STATE"
    title = "The tweet cannot be changed any more"


class NothingToSayError(ConflictError):
    """No text was found that may be posted; the tweet is skipped and says why."""

    code = "NOTHING_TO_SAY"
    title = "There is nothing new to say"
