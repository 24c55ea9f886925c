"""Structured logs: one JSON object a line on standard output, the same for Django, Celery and our own code."""

import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict

# Keys that are part of an address (proof of e-mail, new password, status of an application, invitation to a lab), API
# tokens, codes of sign-in by device, signatures of download links. Within a query the slashes of an address may be
# escaped.
SECRETS = re.compile(
    r"(?<=/account/confirm-email/)[^/\s]+|(?<=/account/password/reset/key/)[^/\s]+|(?<=/status/)[^/\s]+/[^/\s]+"
    r"|(?<=/reference/)[^/\s]{20,}|(?<=/grants/join/)[^/\s]+|(?<=%2Fgrants%2Fjoin%2F)[\w-]+"
    r"|(?<=/activate/\?code=)[^&\s]+|(?<=activate/%3Fcode%3D)[\w-]+|(?<=activate%2F%3Fcode%3D)[\w-]+"
    r"|(?<=/orcid/login/callback/\?)\S+"
    r"|(?<=\bgh_)[\w-]{40,}|(?<=X-Amz-Signature=)\w+|(?<=&Signature=)[\w~-]+",
    re.IGNORECASE,
)


def hide_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Whoever reads the log must not be able to take over an account: it holds the addresses of pages."""
    return {key: SECRETS.sub("…", value) if isinstance(value, str) else value for key, value in event.items()}


def configure(options: dict[str, Any]) -> None:
    """Send every logger through one JSON renderer; called by Django with settings.LOGGING."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        hide_secrets,
                        structlog.processors.JSONRenderer(),
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                }
            },
            "root": {"handlers": ["stdout"], "level": options["level"]},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
