"""A picture file is one visit: picture bytes in, what is handed in out. For moving pictures see loop.py.

The whole use, also for other programs that play visits through the kiosk:

    detector = make_detector(find_yunet())               # kiosk.detect, kiosk.models
    picture_jpeg = still_to_hand_in(picture, detector)    # any bytes; never raises for what they hold
    sighting = api.hand_in(picture_jpeg, kiosk_id="front", capture_id=new_capture_id())
"""

from kiosk.crop import decode_picture, encode_jpeg, head_and_shoulders, whole
from kiosk.detect import Detector


def still_to_hand_in(picture: bytes, detector: Detector) -> bytes:
    """What to hand in for a picture file: a JPEG of the largest face's head and shoulders.

    Without a face it is the whole picture (made smaller), so that somebody with better eyes decides; bytes
    that are no picture stay as they are and come back `rejected`.
    """
    image = decode_picture(picture)
    if image is None:
        return picture
    faces = detector.detect(image)
    return encode_jpeg(head_and_shoulders(image, faces[0].box) if faces else whole(image))
