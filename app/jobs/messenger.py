"""RQ as the messenger: a message says "there is work", nothing more. Losing all of them loses seconds."""

import logging

from redis import Redis, RedisError
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "kontor"
DRAIN = "app.jobs.worker.drain"
MOST_MESSAGES = 16
WAKING_SECONDS = 1.0
"""How long whoever put up jobs waits for Redis: a message that is dropped costs the sweeper's few seconds, no more."""

_log = logging.getLogger(__name__)


def connect(redis_url: str, *, patience: float = 10) -> Redis:
    """Connect to Redis or Valkey; ``patience`` is how many seconds each of its answers may take."""
    return Redis.from_url(redis_url, socket_timeout=patience, health_check_interval=30)


def queue(connection: Redis) -> Queue:
    """Give the one queue."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer, default_timeout=24 * 3600)


def wake(redis_url: str, jobs: int) -> None:
    """Tell up to so many workers that there is work. Call it after the commit that put the jobs up.

    Where Redis does not answer the message is dropped: the sweeper sends another.
    """
    try:
        connection = connect(redis_url, patience=WAKING_SECONDS)
        try:
            messages = queue(connection)
            for _ in range(min(jobs, MOST_MESSAGES) - len(messages)):
                messages.enqueue(DRAIN, result_ttl=0, failure_ttl=0)
        finally:
            connection.close()
    except (RedisError, OSError) as problem:
        _log.warning("no worker could be woken (%s); the sweeper will try again", problem)
