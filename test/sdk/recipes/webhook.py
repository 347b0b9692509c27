import hmac
import hashlib

def verify_meetbot_webhook(raw_body: bytes, signature_header: str | None, secret: str) -> bool:
    if not signature_header or not signature_header.startswith("sha256="):
        return False
    provided = bytes.fromhex(signature_header[len("sha256="):])
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
    return hmac.compare_digest(provided, expected)


# Around the recipe: lines of JSON in, one line of 0 and 1 out.
import base64
import json
import sys

cases = [json.loads(line) for line in sys.stdin]
print("".join(
    str(int(verify_meetbot_webhook(base64.b64decode(case["body"]), case["header"], case["secret"]))) for case in cases
))
