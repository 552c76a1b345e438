"""What goes wrong with a model, and what to do about it.

UpstreamError                   502
└── ModelError              502  base of what a vendor's model answers: of text, voices, pictures, transcripts
    ├── ModelKeyRefusedError    424  the vendor does not accept the key
    ├── ModelNotKnownError      424  the vendor has no model of that id
    ├── ModelQuotaError         402  credit or quota is used up
    ├── ModelBusyError          503  rate limit or overload, still there after retries; `retry_after` in seconds
    ├── ModelUnreachableError   503  no connection, no answer in time, or a server error; `asked`: it may have got there
    ├── ModelRefusedError       422  the model or its filter will not make this
    ├── ModelTruncatedError     502  the answer hit the token limit
    ├── ModelAnswerError        502  the answer is not what was asked for
    ├── PromptTooLongError      422  the prompt does not fit the model
    └── PurchaseUnknownError    409  paid work was ordered and its answer never came: nobody knows whether it was made
InvalidInputError               400
├── ModelIdError                400  not of the form that the setting takes, such as vendor:model
└── ModelRetiredError           410  the vendor switched this model off
"""

from mediaposter.core.errors import InvalidInputError, UpstreamError


class ModelError(UpstreamError):
    """Base of everything that a vendor's model, or the way to it, can answer instead of what was asked for."""

    code = "MODEL_ERROR"
    title = "The model did not deliver"


class ModelKeyRefusedError(ModelError):
    code = "MODEL_KEY_REFUSED"
    status = 424
    title = "The model's vendor refused the key"


class ModelNotKnownError(ModelError):
    code = "MODEL_NOT_KNOWN"
    status = 424
    title = "The vendor does not know this model"


class ModelQuotaError(ModelError):
    code = "MODEL_QUOTA"
    status = 402
    title = "The quota at the vendor is used up"


class ModelBusyError(ModelError):
    """The vendor asks to wait. `retry_after` is in seconds, None when it did not say how long."""

    code = "MODEL_BUSY"
    status = 503
    title = "The model is busy"

    def __init__(self, detail: str, *, fix: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail, fix=fix)
        self.retry_after = retry_after


class ModelUnreachableError(ModelError):
    """No usable answer came. `asked` is False where the request cannot have reached the vendor, so nothing was made."""

    code = "MODEL_UNREACHABLE"
    status = 503
    title = "The model cannot be reached"

    def __init__(self, detail: str, *, fix: str = "", asked: bool = True) -> None:
        super().__init__(detail, fix=fix)
        self.asked = asked


class ModelRefusedError(ModelError):
    """The model or its filter will not make this. `billed`: it was made and paid for, and only then withheld."""

    code = "MODEL_REFUSED"
    status = 422
    title = "The model will not make this"

    def __init__(self, detail: str, *, fix: str = "", billed: bool = False) -> None:
        super().__init__(detail, fix=fix)
        self.billed = billed


class ModelTruncatedError(ModelError):
    code = "MODEL_TRUNCATED"
    title = "The answer of the model was cut off"


class ModelAnswerError(ModelError):
    code = "MODEL_ANSWER_INVALID"
    title = "The answer of the model is not usable"


class PromptTooLongError(ModelError):
    code = "MODEL_PROMPT_TOO_LONG"
    status = 422
    title = "The prompt is too long for the model"


class PurchaseUnknownError(ModelError):
    """Paid work was ordered and no answer came. It is not ordered again by itself: that could be paid twice."""

    code = "PURCHASE_UNKNOWN"
    status = 409
    title = "Nobody knows whether this was bought"


class ModelIdError(InvalidInputError):
    code = "MODEL_ID_INVALID"
    title = "This is not the id of a model"


class ModelRetiredError(InvalidInputError):
    code = "MODEL_RETIRED"
    status = 410
    title = "The vendor has switched this model off"


class TranscriptionError(UpstreamError):
    """The speech model could not read this audio."""

    code = "TRANSCRIPTION_FAILED"
    status = 500
    title = "The speech could not be transcribed"
