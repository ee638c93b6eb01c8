"""The operations of the OpenAPI document, each with its row of the permission table and what its path names."""

from typing import Any, NamedTuple

from accounts.permissions import TABLE, Rule
from eventhub.testing.contract_client import document


class Operation(NamedTuple):
    verb: str
    template: str
    described: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.verb} {self.template}"

    @property
    def is_public(self) -> bool:
        return "security" not in self.described

    @property
    def resource(self) -> str:
        tag: str = self.described["tags"][0]
        return tag

    @property
    def action(self) -> str:
        name: str = self.described["operationId"]
        return name.removeprefix(f"{self.resource}_").removesuffix("_partially")

    @property
    def rule(self) -> Rule:
        """KeyError where nobody has said who may."""
        return TABLE[self.resource, self.action]

    @property
    def collection(self) -> str | None:
        """Of what kind the row is that its path names; None where it names none."""
        return self.template.split("/{id}")[0].strip("/") if "{id}" in self.template else None

    @property
    def success(self) -> int:
        return int(next(iter(self.described["responses"])))

    @property
    def takes(self) -> set[str]:
        """The keys that its body may have."""
        if "requestBody" not in self.described:
            return set()
        name = self.described["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return set(document()["components"]["schemas"][name]["properties"])

    def path(self, pk: int | None) -> str:
        path = self.template.replace("{id}", str(pk)).replace("{message_id}", str(pk))
        return path.replace("{kind}", "reminder").replace("{slug}", "talk").replace("{name}", str(pk))


OPERATIONS = [
    Operation(verb.upper(), template, described)
    for template, operations in document()["paths"].items()
    for verb, described in operations.items()
]
PRIVATE = [operation for operation in OPERATIONS if not operation.is_public]
