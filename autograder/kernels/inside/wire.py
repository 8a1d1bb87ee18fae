"""How the worker and the student's process talk: a JSON head and plain array bytes, never pickle.

A message is ``<u32 length of head><u64 length of body><head><body>``. The head is JSON; an array in it is
``{"array": [offset, dtype, shape]}`` and its bytes lie in the body. Both sides use this file: it stands alone, since
nothing else of the course is mounted in the cage. The worker trusts nothing it reads: lengths are capped, dtypes come
from a list, sizes are checked against the shape.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any

import numpy as np

PREFIX = struct.Struct("<IQ")
MAX_HEAD = 8 << 20
MAX_BODY = 64 << 20
MAX_DIMENSIONS = 8
DTYPES = frozenset(
    f"{order}{kind}"
    for order, kinds in (
        ("<", ("f2", "f4", "f8", "c8", "c16", "i2", "i4", "i8", "u2", "u4", "u8")),
        ("|", ("b1", "i1", "u1")),
    )
    for kind in kinds
)


class ProtocolError(Exception):
    """What came over the socket is no message of ours."""


class Packer:
    """Collects the array bytes of one message, at most ``room``, while its head is being written."""

    def __init__(self, room: int = MAX_BODY) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.room = room

    def array(self, value: np.ndarray) -> dict[str, Any]:
        """Put an array of a plain dtype into the body; return what stands for it in the head.

        Raises ProtocolError for object, structured or text dtypes and for a body that has no room.
        """
        little = value.dtype.newbyteorder("<") if value.dtype.byteorder == ">" else value.dtype
        code = little.str.replace("=", "<")
        if code not in DTYPES:
            raise ProtocolError(f"an array of dtype {value.dtype} cannot be sent")
        if value.ndim > MAX_DIMENSIONS or self.size + value.nbytes > self.room:
            raise ProtocolError(f"an array of shape {value.shape} is too large to be sent")
        data = np.ascontiguousarray(value, dtype=little).tobytes()
        offset = self.size
        self.chunks.append(data)
        self.size += len(data)
        return {"array": [offset, code, list(value.shape)]}


def unpack_array(entry: Any, body: memoryview) -> np.ndarray:
    """Read back one array of a message, as a fresh writable array. Raises ProtocolError if head and body disagree."""
    try:
        offset, code, shape = entry
        if code not in DTYPES or not 0 <= len(shape) <= MAX_DIMENSIONS:
            raise ProtocolError("an array with a dtype or shape that is not allowed")
        if not all(isinstance(n, int) and 0 <= n <= MAX_BODY for n in [offset, *shape]):
            raise ProtocolError("an array with a size that is not allowed")
    except (TypeError, ValueError) as error:
        raise ProtocolError("an array entry that cannot be read") from error
    dtype = np.dtype(code)
    count = math.prod(shape)
    if offset + count * dtype.itemsize > len(body):
        raise ProtocolError("an array that is longer than its message")
    return np.frombuffer(body, dtype=dtype, count=count, offset=offset).reshape(shape).copy()


def pack(head: Any, packer: Packer | None = None) -> bytes:
    """One message as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode()
    chunks = packer.chunks if packer else []
    size = packer.size if packer else 0
    return b"".join([PREFIX.pack(len(text), size), text, *chunks])


def send(sock: socket.socket, head: Any, packer: Packer | None = None) -> None:
    """Write one message."""
    sock.sendall(pack(head, packer))


def receive(
    sock: socket.socket, deadline: float | None = None, max_head: int = MAX_HEAD, max_body: int = MAX_BODY
) -> tuple[Any, memoryview]:
    """Read one message: its head, its body; wait for it until deadline (of time.monotonic), or for ever.

    Raises EOFError when the other side is gone, TimeoutError when the time is up, however slowly bytes drip in, and
    ProtocolError for anything that is not a message.
    """
    head_size, body_size = PREFIX.unpack(_exactly(sock, PREFIX.size, deadline))
    if head_size > max_head or body_size > max_body:
        raise ProtocolError("a message that is too long")
    text = _exactly(sock, head_size, deadline)
    body = _exactly(sock, body_size, deadline)
    try:
        return json.loads(bytes(text)), memoryview(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a head that is not JSON") from error


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    read = 0
    while read < size:
        if deadline is not None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("no whole message in time")
            sock.settimeout(remaining)
        got = sock.recv_into(view[read:])
        if not got:
            raise EOFError("the other side closed the connection")
        read += got
    return buffer
