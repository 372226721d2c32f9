"""Where whoever runs a programme begins: what waits, what runs, and how sales and points go."""
