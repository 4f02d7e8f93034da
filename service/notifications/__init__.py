"""Messages to webhook endpoints: queued by a follower of the log, sent by workers, at least once and in order.

`outbox` queues what an endpoint wants, `queue` has the statements of the table, `payload` reads what is sent as the
endpoint's own viewer, `receivers` connects, `sender` puts them together.
"""
