"""The domain of RecognizeMe: who was seen at which door, decided the same way on AWS and on one machine."""

VERSION = "0.1.0"
