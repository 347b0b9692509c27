/** OpenSSL's X509_V_ERR_* names as in Node's `code`, and Node's own code for a name mismatch. */
const REFUSALS =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|INVALID_CA|PATH_LENGTH_EXCEEDED|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)/;

/**
 * Says in one sentence why this machine rejects the certificate of Discord's voice server, and what to do.
 *
 * @returns undefined if the error is about something else
 */
export function certificateTrouble(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code !== "string" || !REFUSALS.test(code)) return undefined;
  return `this machine refuses the certificate of Discord's voice server (${error.message.split(";", 1)[0]}); if a proxy or a Discord of your own has its own authority, set NODE_EXTRA_CA_CERTS to the file with its certificate before the worker starts`;
}
