"""The errors of learning."""

from mediaposter.core.errors import ConflictError, InvalidInputError, NotFoundError


class NoSuchReadingError(NotFoundError):
    """The publication was not read at that age yet, so it cannot be scored."""

    code = "NO_SUCH_READING"
    title = "There is no reading at that age"


class NoSuchDecisionError(NotFoundError):
    code = "NO_SUCH_DECISION"
    title = "There is no such decision"


class NoSuchAdjustmentError(NotFoundError):
    code = "NO_SUCH_ADJUSTMENT"
    title = "There is no such adjustment"


class NothingLeftError(ConflictError):
    """Every value of a dimension is excluded, so that nothing can be chosen."""

    code = "NO_VALUE_LEFT"
    title = "Every value of a dimension is excluded"


class OptionsError(InvalidInputError):
    """The options of a choice are empty, or a dimension of them is."""

    code = "OPTIONS"
    title = "There is nothing to choose from"
