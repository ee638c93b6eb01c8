"""A film of QR codes, which Chromium shows instead of a camera (`--use-file-for-fake-video-capture`)."""

from collections.abc import Iterable
from pathlib import Path

import segno

WIDTH, HEIGHT = 640, 480
MODULE = 9  # pixels
FRAMES_A_SECOND = 2


def write_film(path: Path, scenes: Iterable[tuple[str, int]]) -> Path:
    """Write each code for its seconds as y4m; Chromium starts again at the end."""
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode()
    shown = [b"FRAME\n" + _frame(code) for code, seconds in scenes for _ in range(seconds * FRAMES_A_SECOND)]
    path.write_bytes(head + b"".join(shown))
    return path


def _frame(code: str) -> bytes:
    """Return a code in the middle of a grey frame: brightness, then two planes without colour."""
    rows = [bytes(0 if dark else 255 for dark in row) for row in segno.make_qr(code, error="m").matrix_iter(MODULE)]
    left, top = (WIDTH - len(rows[0])) // 2, (HEIGHT - len(rows)) // 2
    grey = bytearray([180]) * (WIDTH * HEIGHT)
    for number, row in enumerate(rows):
        start = (top + number) * WIDTH + left
        grey[start : start + len(row)] = row
    return bytes(grey) + bytes([128]) * (WIDTH * HEIGHT // 2)
