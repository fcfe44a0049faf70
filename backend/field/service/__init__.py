"""What phones in the field can do. The caller owns the transaction."""

from backend.field.service.conflicts import conflicts
from backend.field.service.pull import Pulled, as_dict, epoch_of, pull
from backend.field.service.push import people_with_overdue, push, settle_overdue
from backend.field.service.settling import resolve
from backend.field.service.subscriptions import Notice, Pusher, notify, subscribe, unsubscribe
from backend.field.service.uploads import Begun, begin, drop_expired, here, take, where

__all__ = [
    "Begun",
    "Notice",
    "Pulled",
    "Pusher",
    "as_dict",
    "begin",
    "conflicts",
    "drop_expired",
    "epoch_of",
    "here",
    "notify",
    "people_with_overdue",
    "pull",
    "push",
    "resolve",
    "settle_overdue",
    "subscribe",
    "take",
    "unsubscribe",
    "where",
]
