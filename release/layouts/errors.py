"""What reading, checking and converting weights finds wrong."""

from __future__ import annotations

from release.client.wording import harmless


class Unloadable(Exception):  # noqa: N818 - a finding about files, not an error of this program
    """`file` is relative to the folder; `tensor` where one is at fault; `reason` ends the sentence that they begin.

    All three may hold words of the files, which are kept from steering the terminal that shows them.
    """

    def __init__(self, file: str, reason: str, tensor: str = "") -> None:
        super().__init__(file, reason, tensor)
        self.file, self.reason, self.tensor = (_on_one_line(text) for text in (file, reason, tensor))

    def __str__(self) -> str:
        return f"{self.file}{f', tensor {self.tensor}' if self.tensor else ''}: {self.reason}"


def _on_one_line(text: str) -> str:
    return harmless(text).replace("\n", "\ufffd")


class ConversionRefusedError(Exception):
    """The files are sound, but this conversion cannot be made; the message is one or two sentences."""
