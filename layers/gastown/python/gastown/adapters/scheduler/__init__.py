"""EventBridge Scheduler, with a delayed SQS message for near moments: alarms.

Nothing above `bootstrap` knows this folder, and it knows no other adapter.
"""
