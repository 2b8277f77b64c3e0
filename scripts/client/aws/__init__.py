"""What the client asks of AWS: its clients, objects, items, removal, the account."""
