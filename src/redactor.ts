/** Replaces each secret. */
export const REDACTED = "[redacted]";
/** Shorter values would hit ordinary words. */
const MIN_SECRET_LENGTH = 6;
/** This many bytes of a secret at the start of a hexadecimal or decimal dump give the whole dump away. */
const DUMP_BYTES = 8;

/** Shapes of secrets that nobody named to the redactor. Each pattern is bounded, so that no text makes it slow. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // A bot token: the id in Base64, a time, a signature.
  [/[MNO][\w-]{22,29}\.[\w-]{6,7}\.[\w-]{27,45}/g, REDACTED],
  // RFC 9110 §11.4 credentials, and Discord's own scheme.
  [/\b(Bearer|Basic|Bot) +[\w.~+/=-]{16,512}/g, `$1 ${REDACTED}`],
  // RFC 3986 §3.2.1: user name and password in an address.
  [/:\/\/[^/@\s"']{1,256}@/g, `://${REDACTED}@`],
  // JSON in text, as the voice library's debug output prints it: the voice token and the transport key.
  [
    /(token|secret|password|authorization|(?:secret|api|access)_?key)(\\*["']\s*:\s*\\*["'])[^"'\\]{1,512}/gi,
    `$1$2${REDACTED}`,
  ],
  [/((?:secret|private)_?key\\*["']\s*:\s*)\[[\d,\s]{1,2048}\]/gi, `$1${REDACTED}`],
];

/**
 * Takes secrets out of text, in each form in which they could appear: as they are, escaped in JSON, and in JSON within
 * JSON, in Base64 of either alphabet at any place in the encoded bytes, URL-encoded, and dumped as numbers.
 */
export class Redactor {
  /** The longest first: a secret that holds another one goes as a whole. */
  #forms: readonly string[] = [];
  readonly #dumps: RegExp[] = [];

  constructor(secrets: Iterable<string>) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    const escaped = jsonEscaped(secret);
    const forms = [secret, escaped, jsonEscaped(escaped), encodeURIComponent(secret), ...base64Forms(secret)];
    this.#forms = [...new Set([...this.#forms, ...forms])].sort((a, b) => b.length - a.length);
    this.#dumps.push(...dumpForms(Buffer.from(secret, "utf8")));
  }

  redact(text: string): string {
    let result = text;
    for (const form of this.#forms) result = result.replaceAll(form, REDACTED);
    for (const dump of this.#dumps) result = result.replace(dump, REDACTED);
    for (const [shape, replacement] of SHAPES) result = result.replace(shape, replacement);
    return result;
  }
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * How the secret looks inside the Base64 of a longer text, `user:secret` for one: three forms, by where its first byte
 * falls in a group of three. The characters that also hold bits of its neighbours are left out.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const whole = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    // A secret at the start is most often the whole text, so the last character is included: nothing may be left of it.
    const forms = before === 0 ? [encoded, whole] : [whole];
    return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
  });
}

/** A dump's beginning, and all of the dump after it: tools cut dumps short, so the whole secret need not be there. */
function dumpForms(bytes: Buffer): RegExp[] {
  const head = [...bytes.subarray(0, DUMP_BYTES)];
  const hex = head.map((byte) => byte.toString(16).padStart(2, "0")).join(" ?");
  const decimal = head.join(", ?");
  return [new RegExp(`${hex}(?: ?[0-9a-f]{2})*`, "gi"), new RegExp(`(?<!\\d)${decimal}(?:, ?\\d{1,3})*`, "g")];
}
