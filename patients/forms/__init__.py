"""What people type about patients."""
