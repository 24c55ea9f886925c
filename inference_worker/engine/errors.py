"""What the engine refuses, and why.

EngineError
├── ConfigError             a setting of the engine itself
├── CheckpointError         a file of the model folder
├── EngineBusyError         generate() called while other requests are under way
├── NonFiniteLogitsError    the model computed NaN or infinity
├── OutOfMemoryError        the device has no memory for even the smallest step
└── RequestError            one request; the others are not affected
    ├── OptionError         a sampling option out of range
    ├── PromptTextError     text that is not valid Unicode
    ├── EmptyPromptError
    ├── TokenIdError        a token id that the vocabulary does not have
    └── ContextLengthError  prompt and max_tokens do not fit the context
"""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """Base of all; `code` is stable and meant for programs, the message for people."""

    code = "engine_error"


class ConfigError(EngineError):
    code = "config_invalid"


class CheckpointError(EngineError):
    """`file` is always known; `tensor` where the fault lies in one of its tensors."""

    code = "checkpoint_invalid"

    def __init__(self, file: Path, reason: str, *, tensor: str | None = None) -> None:
        super().__init__(f"{file}: {reason}" if tensor is None else f"{file}: tensor {tensor}: {reason}")
        self.file = file
        self.tensor = tensor
        self.reason = reason


class EngineBusyError(EngineError):
    code = "engine_busy"

    def __init__(self) -> None:
        super().__init__("The engine is running other requests: finish or abort them before generate().")


class NonFiniteLogitsError(EngineError):
    code = "non_finite_logits"

    def __init__(self) -> None:
        super().__init__("The model computed NaN or infinity; a wider dtype such as bfloat16 or float32 may help.")


class OutOfMemoryError(EngineError):
    code = "out_of_memory"

    def __init__(self) -> None:
        super().__init__("The device has no memory for a step of this request: give keys and values less of it.")


class RequestError(EngineError):
    """`param` names the field of the request that is at fault, as the HTTP interface spells it."""

    code = "invalid_value"

    def __init__(self, message: str, *, param: str) -> None:
        super().__init__(message)
        self.param = param


class OptionError(RequestError):
    pass


class PromptTextError(RequestError):
    code = "invalid_text"

    def __init__(self, *, param: str = "prompt") -> None:
        super().__init__("The text is not valid Unicode: it contains a lone surrogate.", param=param)


class EmptyPromptError(RequestError):
    code = "empty_prompt"

    def __init__(self) -> None:
        super().__init__("The prompt has no tokens: give at least one.", param="prompt")


class TokenIdError(RequestError):
    code = "token_out_of_vocabulary"

    def __init__(self, token_id: object, vocab_size: int, *, param: str = "prompt") -> None:
        super().__init__(
            f"Token id {token_id} is not in the vocabulary: ids run from 0 to {vocab_size - 1}.", param=param
        )
        self.token_id = token_id
        self.vocab_size = vocab_size


class ContextLengthError(RequestError):
    code = "context_length_exceeded"

    def __init__(self, *, prompt_tokens: int, max_tokens: int, context_tokens: int) -> None:
        super().__init__(
            f"The prompt has {prompt_tokens} tokens and max_tokens is {max_tokens}, together "
            f"{prompt_tokens + max_tokens}; this model's context is {context_tokens}. Shorten one of them.",
            param="max_tokens" if prompt_tokens <= context_tokens else "prompt",
        )
        self.prompt_tokens = prompt_tokens
        self.max_tokens = max_tokens
        self.context_tokens = context_tokens
