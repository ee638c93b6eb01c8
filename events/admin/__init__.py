from events.admin.event_admin import EventAdmin
from events.admin.tag_admin import TagAdmin

__all__ = ["EventAdmin", "TagAdmin"]
