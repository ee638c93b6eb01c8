"""What a worker of RQ makes of a task. Only for TASKS_BACKEND=redis://..., whose packages are here then."""

from typing import Any

import django_tasks_rq


class Job(django_tasks_rq.Job):
    """RQ logs the description of a job, which is what the task was told: names and addresses among that."""

    @property
    def description(self) -> Any:
        return self.func_name

    @description.setter
    def description(self, told: Any) -> None:
        pass
