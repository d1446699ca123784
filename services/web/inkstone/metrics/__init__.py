"""What one process counts, and how several of them tell it as one."""
