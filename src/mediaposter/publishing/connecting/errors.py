"""What can go wrong while an account is being connected.

MediaPosterError
└── ConnectError             422  the platform did not give what is needed; says why and how to mend it
    ├── UnknownFlowError     400  the browser came back with a state that is not, or no longer, waited for
    ├── DeniedError          403  the person said no on the platform's page
    └── MissingScopesError   422  permissions were left out
"""

from mediaposter.core.errors import MediaPosterError


class ConnectError(MediaPosterError):
    """The account could not be connected."""

    code = "CONNECT_FAILED"
    status = 422
    title = "The account could not be connected"


class UnknownFlowError(ConnectError):
    """The state that came back belongs to no flow that waits for it."""

    code = "CONNECT_STATE"
    status = 400
    title = "This connection is not waited for"


class DeniedError(ConnectError):
    """The permission was not given."""

    code = "CONNECT_DENIED"
    status = 403
    title = "The permission was not given"


class MissingScopesError(ConnectError):
    """Some of the permissions that posting needs were not given."""

    code = "CONNECT_SCOPES"
    title = "Permissions are missing"
