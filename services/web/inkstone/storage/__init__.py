"""All that knows MySQL: the pool, the migrations, and the only SQL."""
