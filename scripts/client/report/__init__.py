"""What the user reads: progress, failures, the result as a table or as JSON."""
