"""The list of endpoints for people, made from the OpenAPI document."""

from __future__ import annotations

from access_portal.api.service import api


def markdown() -> str:
    """A table of all endpoints, in the order of the document."""
    rows = []
    for path, operations in api.get_openapi_schema(path_prefix="/portal/v1/")["paths"].items():
        for method, operation in operations.items():
            rows.append(f"| `{method.upper()} {path}` | {operation['summary']} |")
    return "| Endpoint | What |\n|---|---|\n" + "\n".join(rows) + "\n"
