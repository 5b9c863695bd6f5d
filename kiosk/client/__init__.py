"""The API over HTTP: its calls, their credentials, and what each failure means."""
