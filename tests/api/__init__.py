"""What the API promises: openapi.json and docs/api.md from the code (`make api`), and checks against them."""
