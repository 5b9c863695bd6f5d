"""The picture store over HTTP: uploads by presigned POST, answered as S3 answers them, and picture links."""

from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4
from xml.sax.saxutils import escape

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from local.adapters.photos import PHOTOS_PATH, UPLOADS_PATH, FilePhotoStore, SignatureRefused
from recognizeme.domain.errors import InvalidRequest, NotFound, PictureTooLarge, RecognizeMeError

# What fields and multipart boundaries add to the picture; S3 allows 20 kB of fields.
_FORM_BYTES = 64 * 1024
_MAX_FIELDS = 30


def store_routes(photos: FilePhotoStore, *, max_bytes: int, after_change: Callable[[], None]) -> list[Route]:
    """The store's routes. `max_bytes` is the largest picture any ticket allows; nothing larger is read."""

    async def upload(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            return _s3_error(411, "MissingContentLength", "say with Content-Length how much comes")
        if int(length) > max_bytes + _FORM_BYTES:
            return _s3_error(400, "EntityTooLarge", f"a picture may have {max_bytes} bytes at most")
        try:
            async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
                fields, picture = await _read(form)
            key = await run_in_threadpool(photos.accept, fields, picture)
        except (ClientDisconnect, HTTPException):
            return _s3_error(400, "MalformedPOSTRequest", "send fields and file as multipart/form-data")
        except RecognizeMeError as error:
            return _refusal(error)
        after_change()
        location = f"{request.url.replace(path=PHOTOS_PATH, query='')}{quote(key)}"
        return Response(status_code=204, headers={"location": location})

    async def photo(request: Request) -> Response:
        terms = {name: request.query_params.get(name, "") for name in ("expires", "signature")}
        try:
            stored = await run_in_threadpool(photos.open_link, request.path_params["key"], **terms)
        except RecognizeMeError as error:
            return _refusal(error)
        headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
        return Response(stored.picture, media_type=stored.content_type, headers=headers)

    return [
        Route(UPLOADS_PATH, upload, methods=["POST"]),
        Route(PHOTOS_PATH + "{key:path}", photo, methods=["GET"]),
    ]


async def _read(form: FormData) -> tuple[dict[str, str], bytes]:
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidRequest("the upload lacks the file; send it as the part named file")
    return fields, await file.read()


def _refusal(error: RecognizeMeError) -> Response:
    match error:
        case SignatureRefused():
            return _s3_error(403, "AccessDenied", str(error))
        case PictureTooLarge():
            return _s3_error(400, "EntityTooLarge", str(error))
        case InvalidRequest():
            return _s3_error(400, "InvalidArgument", str(error))
        case NotFound():
            return _s3_error(404, "NoSuchKey", "there is no such picture")
        case _:
            return _s3_error(503, "SlowDown", str(error))


def _s3_error(status: int, code: str, message: str) -> Response:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{uuid4().hex[:16].upper()}</RequestId></Error>"
    )
    headers = {"retry-after": "1"} if status == 503 else {}
    return Response(content, status, headers, media_type="application/xml")
