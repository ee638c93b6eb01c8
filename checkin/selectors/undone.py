"""Which scans were undone, and by which."""

from collections.abc import Collection

from checkin.models import Scan, ScanKind, ScanResult

MOVED = (ScanResult.ADMITTED, ScanResult.LEFT)


def undone_by(scans: Collection[Scan]) -> dict[int, Scan]:
    """Return by id of the undone scan what undid it.

    `scans`: all of some people. A change of status back to registered undoes all that the person did before at that
    checkpoint (presence.State.apply).
    """
    undone = {scan.undoes_id: scan for scan in scans if scan.undoes_id is not None}
    resets = [scan for scan in scans if scan.kind == ScanKind.UNDO and scan.undoes_id is None]
    for reset in sorted(resets, key=lambda scan: (scan.at, scan.nonce)):
        for scan in scans:
            same = (scan.registration_id, scan.checkpoint_id) == (reset.registration_id, reset.checkpoint_id)
            if same and scan.result in MOVED and (scan.at, scan.nonce) < (reset.at, reset.nonce):
                undone.setdefault(scan.pk, reset)
    return undone
