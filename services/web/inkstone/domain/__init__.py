"""What a blog is: records and rules, without input or output."""
