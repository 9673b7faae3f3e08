"""What it costs and who has paid."""
