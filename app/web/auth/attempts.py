"""Tries to sign in, counted in Redis for every process together: a guesser is stopped before a password is hashed."""

import hashlib
import ipaddress
import logging

from redis import Redis, RedisError

from app.jobs import messenger

WINDOW_SECONDS = 15 * 60
MOST_PER_ACCOUNT = 8
MOST_PER_ADDRESS = 40
ANSWER_SECONDS = 2.0
"""How long Redis may take to count a try: a few who wait for it hold all threads of the web server."""

_log = logging.getLogger(__name__)


class TooMany(Exception):
    """There were too many tries; ``seconds`` from now there may be another."""

    def __init__(self, seconds: int) -> None:
        """Say how long to wait."""
        super().__init__(f"too many tries, wait {seconds} s")
        self.seconds = seconds


class Uncountable(Exception):
    """Redis does not answer: nobody can sign in, for whoever is not counted may guess for ever."""


class Attempts:
    """Counts tries per account and per address, whether or not the account exists.

    A window begins with the first try and ends by itself. Every try is counted before it is judged, so many at once do
    not slip through; one that succeeds is taken off again.
    """

    def __init__(self, redis_url: str) -> None:
        """Say where Redis is; it is called when somebody signs in."""
        self._redis: Redis = messenger.connect(redis_url, patience=ANSWER_SECONDS)

    def begin(self, login: str, address: str, most: int = MOST_PER_ACCOUNT) -> None:
        """Count a try, of which there may be ``most`` for the account.

        Raises:
            TooMany: for the account or from the address.
            Uncountable: Redis does not answer.
        """
        try:
            with self._redis.pipeline() as asked:
                for key in _keys(login, address):
                    asked.set(key, 0, ex=WINDOW_SECONDS, nx=True)
                    asked.incr(key)
                    asked.ttl(key)
                _, of_account, account_left, _, of_address, address_left = asked.execute()
        except (RedisError, OSError) as problem:
            _log.error("tries to sign in cannot be counted (%s): nobody can sign in", problem)
            raise Uncountable from problem
        waits = [account_left] if of_account > most else []
        waits += [address_left] if of_address > MOST_PER_ADDRESS else []
        if waits:
            _log.warning("too many tries to sign in from %s", address)
            raise TooMany(max(1, *waits))

    def succeeded(self, login: str, address: str) -> None:
        """Forget the account's tries, and this one of the address."""
        account, of_address = _keys(login, address)
        try:
            with self._redis.pipeline() as asked:
                asked.delete(account)
                asked.set(of_address, 0, ex=WINDOW_SECONDS, nx=True)
                asked.decr(of_address)
                asked.execute()
        except (RedisError, OSError) as problem:
            _log.warning("the tries of somebody who signed in are not forgotten: %s", problem)

    def close(self) -> None:
        """Let go of the connection."""
        self._redis.close()


def _keys(login: str, address: str) -> tuple[str, str]:
    account = hashlib.sha256(login.encode(errors="replace")).hexdigest()
    return f"kontor:sign-in:account:{account}", f"kontor:sign-in:address:{_network(address)}"


def _network(address: str) -> str:
    """Give an address as it is counted: one line of IPv6 has 2**64 addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ipaddress.IPv6Network((int(found), 64), strict=False).network_address)
