"""Pages about grants: a person's own, their lab's, and the office's."""
