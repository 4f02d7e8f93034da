"""Mail subscriptions.

Serves `mailSubscriptions` and the commands of persons on theirs.
"""
