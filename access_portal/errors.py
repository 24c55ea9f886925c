"""What the house refuses, and why. Each room draws its own branch atop its `errors.py`.

GatehouseError
├── PermissionRefusedError   the access policy said no (`grants/policy.py`)
├── ConflictError            the thing changed, or is not in a state for this
├── NotFoundError            there is no such thing, or it is not yours to see
└── InvalidError             what was sent cannot be used
"""

from __future__ import annotations


class GatehouseError(Exception):
    """`code` is stable and for programs; `explanation` and `remedy` are sentences that the person reads.

    `remedy_path` is a path on this site that helps, where there is one.
    """

    status = 400

    def __init__(self, code: str, explanation: str, remedy: str = "", remedy_path: str = "") -> None:
        super().__init__(f"{explanation} [{code}]")
        self.code = code
        self.explanation = explanation
        self.remedy = remedy
        self.remedy_path = remedy_path


class PermissionRefusedError(GatehouseError):
    status = 403


class ConflictError(GatehouseError):
    status = 409


class NotFoundError(GatehouseError):
    status = 404


class InvalidError(GatehouseError):
    """`field` names the form field or parameter at fault, where there is one."""

    def __init__(self, code: str, explanation: str, remedy: str = "", *, field: str = "") -> None:
        super().__init__(code, explanation, remedy)
        self.field = field
