"""Messages to webhook endpoints and mail addresses: queued by a follower of the log, sent by workers, at least once and
in order.

`outbox` and `reminders` queue what an endpoint wants, `queue` has the statements of the table, `payload` and
`mail_content` read what is sent as the endpoint's own viewer, `webhook_channel` and `mail_channel` send it, `sender`
puts them together.
"""
