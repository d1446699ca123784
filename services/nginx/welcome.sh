#!/bin/sh
# Say in the log where the blog is: whoever starts the stack puts the words into WELCOME.
if [ -n "${WELCOME:-}" ]; then printf '\n%s\n' "$WELCOME"; fi
