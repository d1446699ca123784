"""What a process tells of what it does: one line at a time, and traces where they are wanted."""
