"""RQ's job, for TASKS_BACKEND=redis://..., which needs packages of its own."""

from typing import Any

import django_tasks_rq


class Job(django_tasks_rq.Job):
    """RQ logs the description of a job, which has the arguments: names and addresses."""

    @property
    def description(self) -> Any:
        return self.func_name

    @description.setter
    def description(self, told: Any) -> None:
        pass
