"""What the shuffles are compared with. Each is a program that reads a text and prints its 20 most frequent words.

Each is run as a process of its own, from its start to its last output, like the client.
"""
