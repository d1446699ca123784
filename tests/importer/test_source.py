"""The files of a folder: which are posts, and why the others aren't."""

from inkstone.importer import source

POST = "---\ntitle: x\n---\n"


def test_files_are_sorted_into_posts_and_others(tmp_path):
    files = {
        "b.md": POST, "a/index.md": POST, "a/pic.png": "", "c.MARKDOWN": POST, "_index.md": POST,
        "README.md": "# Read me", "contributing.md": POST, "notes.txt": "notes", "post-without-ending": POST,
        ".git/x.md": POST, "node_modules/y/x.md": POST, "big.md": "x" * (source.MAX_FILE + 1),
        "odd index.md/index.md": POST,
    }  # fmt: skip
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "link.md").symlink_to(tmp_path / "b.md")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling.md").symlink_to(tmp_path / "nowhere")

    found = {str(one.path.relative_to(tmp_path)): one.reason for one in source.walk(tmp_path)}

    assert found == {
        ".git": "a hidden folder",
        "README.md": "about the folder, not a post",
        "_index.md": "a section's page, not a post",
        "a/index.md": None,
        "b.md": None,
        "big.md": "larger than 8 MiB",
        "c.MARKDOWN": None,
        "contributing.md": None,
        "dangling.md": "a symbolic link",
        "link.md": "a symbolic link",
        "loop": "neither Markdown nor an image",
        "node_modules": "a folder of the generator, not of posts",
        "notes.txt": "neither Markdown nor an image",
        "odd index.md/index.md": None,
        "post-without-ending": "begins like a post, but its name doesn't end in .md",
    }
    assert list(found) == sorted(found, key=lambda name: name.split("/"))
