from accounts.admin.api_tokens import ServiceTokenAdmin
from accounts.admin.user_admin import UserAdmin

__all__ = ["ServiceTokenAdmin", "UserAdmin"]
