import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface Certificates {
  /** For `NODE_EXTRA_CA_CERTS` of the clients. */
  readonly caCertificatePath: string;
  /** PEM. */
  readonly serverKey: string;
  readonly serverCertificate: string;
}

const ELLIPTIC = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

/**
 * A certificate authority that lives as long as this loopback, and the voice server's certificate for 127.0.0.1. The
 * voice endpoint's scheme is always `wss:`, so clients must be able to verify it. The CA's key is discarded.
 */
export async function issueCertificates(directory: string): Promise<Certificates> {
  const authority = await generate([{ name: "commonName", value: "meetbot-discord loopback CA" }], {
    ...ELLIPTIC,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "meetbot-discord loopback" }], {
    ...ELLIPTIC,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  await mkdir(directory, { recursive: true });
  const caCertificatePath = join(directory, "loopback-ca.pem");
  await writeFile(caCertificatePath, authority.cert);
  return { caCertificatePath, serverKey: server.private, serverCertificate: server.cert };
}
