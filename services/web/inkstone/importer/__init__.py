"""Posts from elsewhere: `inkstone import markdown FOLDER`."""
