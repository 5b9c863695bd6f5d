"""Every port in memory. They pass the contract tests of the adapters, so use cases can be tested on them."""
