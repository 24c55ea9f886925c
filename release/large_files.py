"""Which files Hub clients know by their SHA-256, as Git LFS does, and which by the name that Git gives a blob."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

LARGE_BYTES = 5 * 1024 * 1024
WEIGHTS = {
    ".bin",
    ".ckpt",
    ".gguf",
    ".h5",
    ".model",
    ".msgpack",
    ".npy",
    ".npz",
    ".onnx",
    ".pt",
    ".pth",
    ".safetensors",
}


def is_large(path: str, size_bytes: int) -> bool:
    """Large by its size, or binary weights of any size: what a Hub keeps in LFS. Everything else is a Git blob."""
    return size_bytes > LARGE_BYTES or PurePosixPath(path).suffix in WEIGHTS


def blob_hash(size_bytes: int) -> hashlib._Hash:
    """The hash that becomes Git's name of a blob once its bytes have been added."""
    return hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
