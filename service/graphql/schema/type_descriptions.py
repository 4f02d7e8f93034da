"""What types are whose class says nothing about them. Inputs are those of the mutation of their name."""

from typing import Final

TYPES: Final = {
    "AuthorityResult": "What became of a command on an authority.",
    "ConditionInput": "A condition of an approval.",
    "CorrectionState": "Where a proposed correction stands.",
    "DeploymentRequestResult": "What became of a command on a request.",
    "IncidentResult": "What became of a command on an incident.",
    "LocationInput": "An exact place.",
    "MailSubscriptionResult": "What became of a command on a mail subscription.",
    "PeriodInput": "A period: the start is part of it, the end is not.",
    "PersonResult": "What became of a command on a person.",
    "RebuildResult": "What became of the request to rebuild a view.",
    "RegionNameInput": "A name of a region in a language.",
    "RegionResult": "What became of a command on a region.",
    "WebhookEndpointResult": "What became of a command on a webhook endpoint.",
    "SettleFulfilmentInput": "The input of `acceptFulfilment` and `sendBackFulfilment`.",
    "BlockPersonInput": "The input of `blockPerson` and `unblockPerson`.",
    "MailSubscriptionInput": "The input of `enableMailSubscription` and `disableMailSubscription`.",
    "WebhookEndpointInput": "The input of commands on an endpoint as a whole.",
    "DissentInput": "The input of `dissentFromFinding`.",
    "AuditingAuthorityInput": "The input of `setAuditingAuthority`.",
}
EDGE: Final = "An item of a list, with its cursor."
INPUT: Final = "The input of `{mutation}`."
