"""Everything that is tested, from pure rules to the whole stack."""
