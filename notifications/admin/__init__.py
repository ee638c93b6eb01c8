from notifications.admin.failed_emails import FailedEmailAdmin

__all__ = ["FailedEmailAdmin"]
