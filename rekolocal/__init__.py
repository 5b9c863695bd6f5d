"""rekolocal: Amazon Rekognition's face-collection API on one machine, with real face matching.

Stands alone: it shares HTTP and JSON with the rest of the repository and imports none of it.
"""
