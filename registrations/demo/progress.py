from django.core.management.base import OutputWrapper

WIDTH = 40


class Progress:
    def __init__(self, out: OutputWrapper, total: int) -> None:
        self.out, self.total, self.done = out, total, 0

    def advance(self, steps: int) -> None:
        self.done += steps
        if self.out.isatty():
            share = self.done / self.total
            end = "\n" if self.done == self.total else ""
            self.out.write(f"\r[{'#' * round(WIDTH * share):{WIDTH}}] {share:4.0%}", ending=end)
            self.out.flush()
