"""What the handlers share: routing, events, JSON. Besides them, the only part that knows Powertools."""
