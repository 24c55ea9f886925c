"""The command line. Its first import tells whoever tries it on Windows what helps, where else a trace would."""

try:
    import fcntl  # noqa: F401 - locks of folders
except ImportError:
    raise SystemExit(
        "gatehouse needs Linux or macOS. On Windows it runs in the Windows Subsystem for Linux (WSL)."
    ) from None
