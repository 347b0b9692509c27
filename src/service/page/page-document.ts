import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** The browser's code, bundled: one classic script and one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export interface PageDocument {
  readonly html: Buffer;
  /** For browsers that take `gzip`. */
  readonly compressed: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** The page, the same for everybody. Its policy lets it run only its own script, and talk only to its own service. */
export function pageDocument({ script, style }: PageAssets): PageDocument {
  const html = Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>meetbot for Discord</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript. It talks only to this service.</noscript></div>
<script>${script}</script>
</body>
</html>
`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    html,
    compressed: gzipSync(html),
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-cache",
      vary: "accept-encoding",
      etag: `"${createHash("sha256").update(html).digest("base64url")}"`,
    },
  };
}

/** CSP 3: the hash of exactly the text between the tags. */
function hashSource(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
