"""Pages of the diary, of visits, and of what the clinic offers."""
