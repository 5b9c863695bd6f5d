"""From a source of pictures to one good picture a visit. Nothing here knows the API."""
