import { createHash } from "node:crypto";
import type { OpenedLink } from "./shared-links.ts";

/** Headers of everything below a link's address, which is a secret: it must get neither into caches nor into referrers. */
export const LINK_HEADERS: Readonly<Record<string, string>> = {
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-robots-tag": "noindex, nofollow",
  "x-content-type-options": "nosniff",
};

interface PlainPage {
  readonly title: string;
  readonly text: string;
}

const UNKNOWN: PlainPage = {
  title: "There is no such link",
  text: "Check that you have copied the whole address. If you have, ask for a new link in Discord.",
};

const OVER: Readonly<Record<Extract<OpenedLink, { kind: "over" }>["why"], PlainPage>> = {
  expired: {
    title: "This link has expired",
    text: "The recording may still be there. Whoever may see it can get a new link with /record list in Discord.",
  },
  revoked: {
    title: "This link was revoked",
    text: "Somebody has withdrawn it with /record list in Discord. Ask them if you need the recording.",
  },
  deleted: {
    title: "This recording was deleted",
    text: "Nobody can bring it back.",
  },
};

/** The page that says why a link opens nothing, with its HTTP status. */
export function refusedLink(
  opened: Exclude<OpenedLink, { kind: "valid" }>,
  style: string,
): { readonly status: 404 | 410; readonly html: string; readonly policy: string } {
  const page = opened.kind === "unknown" ? UNKNOWN : OVER[opened.why];
  return { status: opened.kind === "unknown" ? 404 : 410, ...plainPage(page, style) };
}

/** Neither text comes from a request. */
function plainPage({ title, text }: PlainPage, style: string): { readonly html: string; readonly policy: string } {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main class="plain">
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}
