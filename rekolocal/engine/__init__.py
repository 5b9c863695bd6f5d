"""The face engine: a picture's bytes in; faces with boxes, landmarks, quality and embeddings out."""
