"""Everything that runs at the door and on the desk beside it. It speaks HTTP and JSON to the API, no more.

The way of a frame through `recognizeme kiosk` (docs/kiosk.md):

    vision/      source, live, clip, mjpeg -> frame     where frames come from
                 motion, detect, models                 what is new in them, and the faces
                 track, quality, best_shot, crop        who is still the same, and their best picture
    loop, watch, stills -> event                        the above, joined; what happened
    delivery/    outbox, spool, uploader                kept on disk, delivered
    report, status, window, systemd, heartbeat          told to people and programs
    unlock, actions/                                    set in motion, where a policy allows it

`client/` calls the API; commands/ (one command a file) and web/ use it.
"""
