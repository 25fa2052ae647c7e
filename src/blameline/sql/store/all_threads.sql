-- As many threads again as there were.
RESET threads
