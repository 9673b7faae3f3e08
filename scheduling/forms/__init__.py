"""What people type about visits and about the clinic's own resources."""
