"""Verifies a webhook: body on standard input, the signature header as argument. Exits 0 if it is genuine."""

import hashlib
import hmac
import os
import sys


def verify_meetbot_webhook(raw_body: bytes, signature_header: str | None, secret: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    provided = (signature_header or "").encode(errors="replace")
    return hmac.compare_digest(provided, expected.encode())


if __name__ == "__main__":
    genuine = verify_meetbot_webhook(sys.stdin.buffer.read(), sys.argv[1], os.environ["WEBHOOK_SECRET"])
    sys.exit(0 if genuine else 1)
