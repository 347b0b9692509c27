/** Serves files without an address in the script, as Discord's CDN does. */

import type { FastifyInstance } from "fastify";
import type { World } from "../world/world.ts";

/** Path of the CDN's files, on the same server as the API. */
export const CDN_PREFIX = "/attachments/";

/** An attachment's contents: its id, repeated. */
export function attachmentContent({ id, size }: { readonly id: string; readonly size: number }): Buffer {
  return Buffer.alloc(size, id);
}

export function cdnRoutes(server: FastifyInstance, world: World): void {
  server.get<{ Params: { messageChannelId: string; attachmentId: string } }>(
    `${CDN_PREFIX}:messageChannelId/:attachmentId/:filename`,
    (request, reply) => {
      const { attachmentId } = request.params;
      const attachment = world.chat.attachment(attachmentId);
      if (attachment === undefined) return reply.code(404).send("This content is no longer available.");
      return reply.type("application/octet-stream").send(attachmentContent(attachment));
    },
  );
}
