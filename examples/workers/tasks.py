# tasks.py
from app import settings
from celery import Celery
from celery.signals import worker_process_init

from toriconfig import prefetch

queue = Celery("tasks", broker="memory://", backend="cache+memory://")


@worker_process_init.connect
def fetch_secrets(**_: object) -> None:
    prefetch(settings)  # in each worker process, before its first task


@queue.task
def length_of_the_key() -> int:
    return len(settings.api_key.get())


if __name__ == "__main__":
    print(length_of_the_key.apply().get())  # in this process, to try it
