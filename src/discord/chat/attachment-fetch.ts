/** The hosts from which Discord serves attached files. */
const CDN_ORIGINS = ["https://cdn.discordapp.com", "https://media.discordapp.net"];

/** Files on Discord's CDN. */
export class AttachmentFetch {
  readonly #origins: ReadonlySet<string>;

  /** @param apiUrl another REST base, whose host also serves files */
  constructor(apiUrl: string | undefined) {
    this.#origins = new Set([...CDN_ORIGINS, ...(apiUrl === undefined ? [] : [new URL(apiUrl).origin])]);
  }

  async fetch(url: string, bytes: number, signal: AbortSignal): Promise<Buffer> {
    if (!this.#origins.has(new URL(url).origin)) throw new Error("its address is not Discord's");
    // A redirect could lead anywhere, even into the worker's own network.
    const response = await fetch(url, { redirect: "error", signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`Discord answered with status ${response.status}`);
    }
    const content = Buffer.alloc(bytes);
    let received = 0;
    for await (const chunk of response.body) {
      // Leaving the loop closes the connection.
      if (received + chunk.length > bytes) throw new Error(`it is longer than the ${bytes} bytes that Discord says`);
      content.set(chunk, received);
      received += chunk.length;
    }
    if (received < bytes) throw new Error(`only ${received} of its ${bytes} bytes came`);
    return content;
  }
}
