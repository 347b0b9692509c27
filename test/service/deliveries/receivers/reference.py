# Word for word from the reference page "Webhooks - Signature Verification".
import hmac
import hashlib
import os
import sys

def verify_meetbot_webhook(raw_body: bytes, signature_header: str | None, secret: str) -> bool:
    if not signature_header or not signature_header.startswith("sha256="):
        return False
    provided = bytes.fromhex(signature_header[len("sha256="):])
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
    return hmac.compare_digest(provided, expected)

sys.exit(0 if verify_meetbot_webhook(sys.stdin.buffer.read(), sys.argv[1], os.environ["WEBHOOK_SECRET"]) else 1)
