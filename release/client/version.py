"""The version of the client, which it tells to servers and which its distribution bears."""

VERSION = "0.1.0"
CLIENT = f"gatehouse/{VERSION}"
