"""A function runs because an item was created."""
