/** REST: a bot's answers to interactions, by their tokens. */

import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import type { RestAnswer } from "../interactions/application-commands.ts";
import type { Params, RestOptions } from "./rest-requests.ts";

/** The routes that need no authorization, because the token in the path is enough. It must not be logged. */
export const TOKEN_PREFIXES = ["/api/v10/interactions/", "/api/v10/webhooks/"] as const;

const callbackQuery = z.object({ with_response: z.stringbool().catch(false) });

export function interactionRoutes(api: FastifyInstance, { interactions }: RestOptions): void {
  api.post<Params<"id" | "token">>("/interactions/:id/:token/callback", (request, reply) => {
    const { id, token } = request.params;
    const { with_response: withResponse } = callbackQuery.parse(request.query);
    return send(reply, interactions.answer(id, token, request.body, withResponse));
  });
  api.post<Params<"applicationId" | "token">>("/webhooks/:applicationId/:token", (request, reply) =>
    send(reply, interactions.followUp(request.params, request.body)),
  );
  const message = "/webhooks/:applicationId/:token/messages/:messageId";
  type Message = Params<"applicationId" | "token" | "messageId">;
  api.get<Message>(message, ({ params }, reply) => send(reply, interactions.getMessage(params, idOf(params))));
  api.patch<Message>(message, ({ params, body }, reply) =>
    send(reply, interactions.editMessage(params, idOf(params), body)),
  );
  api.delete<Message>(message, ({ params }, reply) => send(reply, interactions.deleteMessage(params, idOf(params))));
}

/** Clients write "@" as "%40" too. */
function idOf({ messageId }: { readonly messageId: string }): string {
  return decodeURIComponent(messageId);
}

export function send(reply: FastifyReply, { status, body }: RestAnswer): FastifyReply {
  return body === undefined ? reply.code(status).send() : reply.code(status).send(body);
}
