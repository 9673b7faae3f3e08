"""Pages of this room: episodes with diagnosis and referral, plans, notes."""
