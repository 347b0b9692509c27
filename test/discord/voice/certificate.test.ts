import { expect, test } from "vitest";
import { certificateTrouble } from "../../../src/discord/voice/certificate.ts";

const errorWith = (code: string) => Object.assign(new Error("self-signed certificate; try something"), { code });

test.each([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("%s is a rejected certificate, and the message says what to do.", (code) => {
  expect(certificateTrouble(errorWith(code))).toMatch(/\(self-signed certificate\); .*NODE_EXTRA_CA_CERTS/);
});

test.each(["ECONNREFUSED", "ENOTFOUND", "EPROTO"])("%s is not one.", (code) => {
  expect(certificateTrouble(errorWith(code))).toBeUndefined();
  expect(certificateTrouble(new Error("no code"))).toBeUndefined();
});
