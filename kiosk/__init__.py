"""Everything that runs at the door and on the desk beside it. It speaks HTTP and JSON to the API, no more.

How `recognizeme kiosk` handles a frame (docs/kiosk.md):

    vision/      source, live, clip, mjpeg -> frame     where frames come from
                 motion, detect, models                 what is new in them, and the faces
                 track, quality, best_shot, crop        who is still the same, and their best picture
    visits/      loop, watch, stills -> event           the above, joined; what happened
    delivery/    outbox, spool, uploader                kept on disk, delivered
    monitoring/  terminal_report, status_file, window   shown to people and programs
    actions/     unlock_policy, runner                  set in motion, where a policy allows it

`client/` calls the API; commands/ (one command a file) and web/ use it.
"""
