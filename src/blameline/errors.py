"""What can go wrong in the program, as one small tree; what is wrong in somebody's data is a ``Problem`` instead.

::

    BlamelineError          exit status 1, one line on stderr: what happened, and what to try next
    ├── NotFound            a path, a case file or a name that is not there
    ├── StoreError          the case file cannot be opened, is in use, or is newer than this program
    ├── BadManifest         incident.yaml does not say what the contract allows
    └── UnknownPlugin       no plug-in of that name; the nearest names are offered
"""


class BlamelineError(Exception):
    """Something a person can act on.

    ``hint`` says what to try next; ``exit_code`` is the process status the command line ends with.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class NotFound(BlamelineError):
    """A path, case file or name that does not exist."""


class StoreError(BlamelineError):
    """The case file cannot be used: locked, damaged, or written by a newer blameline."""


class BadManifest(BlamelineError):
    """``incident.yaml`` has a key or a value that the contract does not know."""


class UnknownPlugin(BlamelineError):
    """No plug-in of that name is installed in that group."""
