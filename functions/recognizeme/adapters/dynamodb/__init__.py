"""The DynamoDB tables; docs/adr/0007-storage-layout.md draws them."""

from recognizeme.adapters.dynamodb.answers import DynamoDbAnswers
from recognizeme.adapters.dynamodb.audit import DynamoDbAuditLog
from recognizeme.adapters.dynamodb.collections import DynamoDbCollectionRoles
from recognizeme.adapters.dynamodb.kiosks import DynamoDbKiosks
from recognizeme.adapters.dynamodb.lessons import DynamoDbLessons
from recognizeme.adapters.dynamodb.notifications import DynamoDbNotifications
from recognizeme.adapters.dynamodb.people import DynamoDbPeople
from recognizeme.adapters.dynamodb.rollcalls import DynamoDbRollCalls
from recognizeme.adapters.dynamodb.sightings import DynamoDbSightings
from recognizeme.adapters.dynamodb.strangers import DynamoDbStrangers

__all__ = [
    "DynamoDbAnswers",
    "DynamoDbAuditLog",
    "DynamoDbCollectionRoles",
    "DynamoDbKiosks",
    "DynamoDbLessons",
    "DynamoDbNotifications",
    "DynamoDbPeople",
    "DynamoDbRollCalls",
    "DynamoDbSightings",
    "DynamoDbStrangers",
]
