from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from checkin.models import Scan, ScanKind
from checkin.selectors.undone import MOVED


def scan_lines(condition: Q) -> QuerySet[Scan]:
    """Return lines of the log of the doors, each with the scan that undid it (undone.py) as `undone_by_id`."""
    direct = Scan.objects.filter(undoes_id=OuterRef("pk"))
    same = {"registration": OuterRef("registration"), "checkpoint": OuterRef("checkpoint")}
    later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), nonce__gt=OuterRef("nonce"))
    resets = Scan.objects.filter(later, **same, kind=ScanKind.UNDO, undoes_id=None).order_by("at", "nonce")
    undone_by = Coalesce(Subquery(direct.order_by().values("pk")[:1]), Subquery(resets.values("pk")[:1]))
    return Scan.objects.filter(condition).annotate(
        scan_id=F("id"), undone_by_id=Case(When(result__in=MOVED, then=undone_by))
    )
