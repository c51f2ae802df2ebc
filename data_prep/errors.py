"""What a user can mend: bad input, told in one line."""


class BadInput(ValueError):
    """Input that cannot be used: the message says what was given, what is allowed and what to do.

    Both command lines print the message alone and exit with 2.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(message.split()))  # a file's name may hold line breaks
