/** REST: a bot's commands. https://discord.com/developers/docs/interactions/application-commands#endpoints */

import type { FastifyInstance, FastifyRequest } from "fastify";
import * as z from "zod";
import type { CommandScope, RestAnswer } from "../interactions/application-commands.ts";
import { send } from "./rest-interactions.ts";
import { caller, MISSING_ACCESS, type RestOptions } from "./rest-requests.ts";

const NOT_AUTHORIZED = {
  message: "You are not authorized to perform this action on this application",
  code: 20012,
};
const listQuery = z.object({ with_localizations: z.stringbool().catch(false) });

/** Some routes lack some of the names. */
type Names = { Params: Partial<Record<"guildId" | "commandId", string>> & { readonly applicationId: string } };
type Answer = (scope: CommandScope, request: FastifyRequest<Names>, commandId: string) => RestAnswer;

export function commandRoutes(api: FastifyInstance, options: RestOptions): void {
  const { commands } = options;
  const serve = (method: string, url: string, answer: Answer): void => {
    api.route<Names>({
      method,
      url,
      handler: (request, reply) => {
        const { applicationId, guildId, commandId = "" } = request.params;
        const refused = refusalOf(options, request);
        return send(reply, refused ?? answer({ applicationId, guildId }, request, commandId));
      },
    });
  };
  for (const place of ["/applications/:applicationId", "/applications/:applicationId/guilds/:guildId"]) {
    const [all, one] = [`${place}/commands`, `${place}/commands/:commandId`];
    serve("GET", all, (scope, { query }) => commands.list(scope, listQuery.parse(query).with_localizations));
    serve("POST", all, (scope, { body }) => commands.create(scope, body));
    serve("PUT", all, (scope, { body }) => commands.replaceAll(scope, body));
    serve("GET", one, (scope, _request, id) => commands.get(scope, id));
    serve("PATCH", one, (scope, { body }, id) => commands.edit(scope, id, body));
    serve("DELETE", one, (scope, _request, id) => commands.delete(scope, id));
  }
}

function refusalOf(options: RestOptions, request: FastifyRequest<Names>): RestAnswer | undefined {
  const { world } = options;
  const { id } = caller(options, request).user;
  const { applicationId, guildId } = request.params;
  if (applicationId !== id) return { status: 403, body: NOT_AUTHORIZED };
  const isThere = guildId === undefined || (guildId === world.guild.id && world.member(id) !== undefined);
  return isThere ? undefined : { status: 403, body: MISSING_ACCESS };
}
