/** REST: what bots answer to interactions. */

import type { FastifyInstance } from "fastify";
import type { Params, RestOptions } from "./rest-requests.ts";

/** The route for answers, without authorization, because the token in the path is enough. */
export const INTERACTIONS_PREFIX = "/api/v10/interactions/";

export function interactionRoutes(api: FastifyInstance, { interactions }: RestOptions): void {
  api.post<Params<"id" | "token">>("/interactions/:id/:token/callback", (request, reply) => {
    const { id, token } = request.params;
    const refusal = interactions.answer(id, token, request.body);
    return refusal === undefined ? reply.code(204).send() : reply.code(refusal.status).send(refusal.body);
  });
}
