"""Everything that runs at the door and on the desk beside it. It speaks HTTP and JSON to the API, no more.

The way of a frame through `recognizeme kiosk` (docs/kiosk.md):

    source, live, clip, mjpeg -> frame     where frames come from
    motion, detect, models                 what is new in them, and the faces
    track, quality, best_shot, crop        who is still the same, and their best picture
    outbox, spool, uploader                kept on disk, delivered
    loop, watch, stills -> event           the above, joined; what happened
    report, status, window, systemd        told to people and programs
    unlock, actions/                       set in motion, where a policy allows it

Clients of the API: api, wire, sigv4, errors, sighting; commands/ (one command a file) and web/ use them.
"""
