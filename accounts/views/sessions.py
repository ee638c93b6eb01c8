"""Signing up, signing in and renewing tokens. The rules are in accounts/services/{accounts,jwt}.py."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.serializers import LoginInput, RefreshInput, SignUpInput, TokenPairSerializer, UserSerializer
from accounts.services import accounts, jwt
from accounts.throttle_subjects import by_id, by_login, by_name
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress
from eventhub.api.viewsets import PublicViewSet
from eventhub.exceptions import InvalidCredentials, TokenNotValid, UserExists


class SignUpViewSet(PublicViewSet):
    resource = "user"
    serializer_class = UserSerializer
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    input_serializers: ClassVar = {"register": SignUpInput}
    success_status: ClassVar = {"register": 201}
    etag_actions = ("register",)
    error_responses: ClassVar = {"register": (UserExists(),)}

    def account_tried(self, request: Request) -> str | None:
        return by_name(self.get_body().validated_field("username"))

    @extend_schema(operation_id="user_create")
    @action(detail=False, methods=["post"])
    def register(self, request: Request) -> Response:
        """Sign up."""
        return self.item_response(accounts.sign_up(**self.get_valid_body()))


class SessionViewSet(PublicViewSet):
    resource = "session"
    serializer_class = TokenPairSerializer
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    input_serializers: ClassVar = {"login": LoginInput, "refresh": RefreshInput}
    error_responses: ClassVar = {"login": (InvalidCredentials(),), "refresh": (TokenNotValid(),)}

    def account_tried(self, request: Request) -> str | None:
        body = self.get_body()
        if self.action == "login":
            return by_login(body.validated_field("username"))
        return by_id(jwt.read_account_id(body.validated_field("refresh")))

    @action(detail=False, methods=["post"])
    def login(self, request: Request) -> Response:
        """Sign in with a username or an address, in any case, and a password."""
        return Response(jwt.sign_in(**self.get_valid_body()))

    @action(detail=False, methods=["post"], url_path="token/refresh")
    def refresh(self, request: Request) -> Response:
        """New tokens for a refresh token, which works once."""
        return Response(jwt.refresh(self.get_valid_body()["refresh"]))
