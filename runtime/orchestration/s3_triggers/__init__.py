"""A function runs because an object was created."""
