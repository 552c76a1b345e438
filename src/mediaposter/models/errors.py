"""What goes wrong with a model, and what to do about it.

UpstreamError                   502
└── LanguageModelError          502  base of what a language model answers
    ├── ModelKeyRefusedError    424  the vendor does not accept the key
    ├── ModelNotKnownError      424  the vendor has no model of that id
    ├── ModelQuotaError         402  credit or quota is used up
    ├── ModelBusyError          503  rate limit or overload, still there after retries; `retry_after` in seconds
    ├── ModelUnreachableError   503  no connection, no answer in time, or a server error, after retries
    ├── ModelRefusedError       422  the model or its filter will not write this
    ├── ModelTruncatedError     502  the answer hit the token limit
    ├── ModelAnswerError        502  the answer is not what was asked for
    └── PromptTooLongError      422  the prompt does not fit the model
InvalidInputError               400
├── ModelIdError                400  not of the form vendor:model
└── ModelRetiredError           410  the vendor switched this model off
"""

from mediaposter.core.errors import InvalidInputError, UpstreamError


class LanguageModelError(UpstreamError):
    """Base of everything that a language model, or the way to it, can answer instead of text."""

    code = "MODEL_ERROR"
    title = "The language model did not deliver"


class ModelKeyRefusedError(LanguageModelError):
    code = "MODEL_KEY_REFUSED"
    status = 424
    title = "The language model's vendor refused the key"


class ModelNotKnownError(LanguageModelError):
    code = "MODEL_NOT_KNOWN"
    status = 424
    title = "The vendor does not know this model"


class ModelQuotaError(LanguageModelError):
    code = "MODEL_QUOTA"
    status = 402
    title = "The quota at the vendor is used up"


class ModelBusyError(LanguageModelError):
    """The vendor asks to wait. `retry_after` is in seconds, None when it did not say how long."""

    code = "MODEL_BUSY"
    status = 503
    title = "The language model is busy"

    def __init__(self, detail: str, *, fix: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail, fix=fix)
        self.retry_after = retry_after


class ModelUnreachableError(LanguageModelError):
    code = "MODEL_UNREACHABLE"
    status = 503
    title = "The language model cannot be reached"


class ModelRefusedError(LanguageModelError):
    code = "MODEL_REFUSED"
    status = 422
    title = "The language model will not write this"


class ModelTruncatedError(LanguageModelError):
    code = "MODEL_TRUNCATED"
    title = "The answer of the language model was cut off"


class ModelAnswerError(LanguageModelError):
    code = "MODEL_ANSWER_INVALID"
    title = "The answer of the language model is not usable"


class PromptTooLongError(LanguageModelError):
    code = "MODEL_PROMPT_TOO_LONG"
    status = 422
    title = "The prompt is too long for the model"


class ModelIdError(InvalidInputError):
    code = "MODEL_ID_INVALID"
    title = "This is not the id of a language model"


class ModelRetiredError(InvalidInputError):
    code = "MODEL_RETIRED"
    status = 410
    title = "The vendor has switched this model off"


class TranscriptionError(UpstreamError):
    """The speech model could not read this audio."""

    code = "TRANSCRIPTION_FAILED"
    status = 500
    title = "The speech could not be transcribed"
