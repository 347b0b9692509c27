/**
 * REST, version 10: the routes for logging in, joining voice, reading and writing messages.
 * https://discord.com/developers/docs/reference
 */

import Fastify, { type FastifyInstance } from "fastify";
import * as z from "zod";
import {
  applicationPayload,
  directChannelPayload,
  guildPayload,
  memberPayload,
  selfPayload,
  userPayload,
  visibleChannelPayload,
  voiceStatePayload,
} from "../gateway/gateway-payloads.ts";
import { messagePayload } from "../gateway/message-payloads.ts";
import { activeThreads, threadPayload } from "../gateway/thread-payloads.ts";
import { CDN_PREFIX, cdnRoutes } from "./cdn.ts";
import { commandRoutes } from "./rest-commands.ts";
import { interactionRoutes, TOKEN_PREFIXES } from "./rest-interactions.ts";
import { postingRoutes } from "./rest-posting.ts";
import {
  authenticate,
  caller,
  INVALID_FORM_BODY,
  isVisible,
  MISSING_ACCESS,
  messageView,
  notFound,
  type Params,
  type RestOptions,
  textPlace,
} from "./rest-requests.ts";

const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  before: z.string().regex(/^\d+$/).optional(),
  after: z.string().regex(/^\d+$/).optional(),
});
const recipient = z.object({ recipient_id: z.string() });
const INVALID_RECIPIENT = { message: "Invalid Recipient(s)", code: 50033 };
const reactionQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(25) });

/** Serves `/api/v10` on 127.0.0.1. */
export async function listenRest(options: RestOptions): Promise<FastifyInstance> {
  const server = Fastify({ forceCloseConnections: true });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: "404: Not Found", code: 0 }));
  // Without a valid token Discord refuses everything, including unknown routes.
  server.addHook("onRequest", async (request, reply) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/api/v10/gateway") return;
    if (pathname.startsWith(CDN_PREFIX)) {
      const refusal = options.faults.met(pathname);
      return refusal && reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    }
    if (TOKEN_PREFIXES.some((prefix) => pathname.startsWith(prefix))) return;
    const account = authenticate(options, request.headers.authorization);
    if (account === undefined) return reply.code(401).send({ message: "401: Unauthorized", code: 0 });
    const refusal = account.user.id === options.faultyUserId ? options.faults.met(pathname) : undefined;
    if (refusal) return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
  });
  server.addHook("onResponse", async ({ method, url }, { statusCode: status }) => {
    const { pathname } = new URL(url, "http://localhost");
    // The token in it must not be logged.
    const path = TOKEN_PREFIXES.find((prefix) => pathname.startsWith(prefix)) ?? pathname;
    options.journal.note("rest", { method, path, status });
  });
  // As Discord writes it, without a charset: Dysnomia parses nothing else.
  server.addHook("onSend", async ({ url }, reply) => {
    // Clients parse what is called JSON, even if nothing is there.
    if (reply.statusCode === 204) reply.removeHeader("content-type");
    else if (!url.startsWith(CDN_PREFIX)) reply.header("content-type", "application/json");
  });
  cdnRoutes(server, options.world);
  await server.register(
    async (api) => {
      gatewayRoutes(api, options);
      userRoutes(api, options);
      guildRoutes(api, options);
      messageRoutes(api, options);
      postingRoutes(api, options);
      commandRoutes(api, options);
      interactionRoutes(api, options);
    },
    { prefix: "/api/v10" },
  );
  await server.listen({ host: "127.0.0.1", port: 0 });
  return server;
}

function gatewayRoutes(api: FastifyInstance, options: RestOptions): void {
  const { gatewayUrl, shards, sessionStartLimit, journal } = options;
  api.get("/gateway", () => ({ url: gatewayUrl }));
  api.get("/gateway/bot", (request) => {
    const { id } = caller(options, request).user;
    const used = journal.events.filter((event) => event.kind === "gateway_identify" && event.userId === id).length;
    return {
      url: gatewayUrl,
      shards,
      session_start_limit: {
        total: sessionStartLimit.total,
        remaining: Math.max(0, sessionStartLimit.remaining - used),
        reset_after: sessionStartLimit.resetAfterMs,
        max_concurrency: 1,
      },
    };
  });
}

function userRoutes(api: FastifyInstance, options: RestOptions): void {
  api.get("/users/@me", (request) => selfPayload(caller(options, request).user));
  api.get("/applications/@me", (request) =>
    applicationPayload(caller(options, request).user, options.allowMessageContent),
  );
  // A parameter, because clients write "@" as "%40" too.
  api.post<Params<"userId">>("/users/:userId/channels", (request, reply) => {
    const { user } = caller(options, request);
    const body = recipient.safeParse(request.body);
    const member = body.success ? options.world.member(body.data.recipient_id) : undefined;
    if (request.params.userId !== "@me" || member === undefined) return reply.code(400).send(INVALID_RECIPIENT);
    return directChannelPayload(options.world, options.world.openDirectChannel(user.id, member.user.id));
  });
  api.get<Params<"userId">>("/users/:userId", (request, reply) => {
    const member = options.world.member(request.params.userId);
    return member ? userPayload(member.user) : notFound(reply, "user");
  });
}

function guildRoutes(api: FastifyInstance, options: RestOptions): void {
  const { world } = options;

  api.get<Params<"channelId">>("/channels/:channelId", (request, reply) => {
    const channel = textPlace(world, request.params.channelId);
    const { id } = caller(options, request).user;
    if (channel === undefined) return notFound(reply, "channel");
    if (!isVisible(world, channel, id)) return reply.code(403).send(MISSING_ACCESS);
    if ("botId" in channel) return directChannelPayload(world, channel);
    return "parentId" in channel ? threadPayload(world, channel) : visibleChannelPayload(world, channel, id);
  });
  api.register(async (guild) => {
    guild.addHook<Params<"guildId">>("preHandler", async (request, reply) => {
      const isMember = world.member(caller(options, request).user.id) !== undefined;
      if (request.params.guildId !== world.guild.id || !isMember) return notFound(reply, "guild");
    });
    guild.get("/guilds/:guildId", () => guildPayload(world));
    guild.get("/guilds/:guildId/channels", (request) => {
      const { id } = caller(options, request).user;
      const visible = [...world.channels.values()].filter((channel) => isVisible(world, channel, id));
      return visible.map((channel) => visibleChannelPayload(world, channel, id));
    });
    guild.get("/guilds/:guildId/threads/active", (request) => {
      const threads = activeThreads(world, caller(options, request).user.id);
      return { threads: threads.map((thread) => threadPayload(world, thread)), members: [] };
    });
    guild.get("/guilds/:guildId/roles", () => guildPayload(world).roles);
    guild.get<Params<"guildId" | "userId">>("/guilds/:guildId/members/:userId", (request, reply) => {
      const member = world.member(request.params.userId);
      return member ? memberPayload(member) : notFound(reply, "member");
    });
    guild.get<Params<"guildId" | "userId">>("/guilds/:guildId/voice-states/:userId", (request, reply) => {
      const { userId } = request.params;
      const state = world.voiceState(userId === "@me" ? caller(options, request).user.id : userId);
      return state ? voiceStatePayload(state, world.guild.id) : notFound(reply, "voiceState");
    });
  });
}

function messageRoutes(api: FastifyInstance, options: RestOptions): void {
  const { world } = options;
  const view = (request: Parameters<typeof caller>[1]) => messageView(options, caller(options, request).user.id);

  api.get<Params<"channelId">>("/channels/:channelId/messages", (request, reply) => {
    const channel = textPlace(world, request.params.channelId);
    const { id } = caller(options, request).user;
    if (channel === undefined) return notFound(reply, "channel");
    if (!isVisible(world, channel, id)) return reply.code(403).send(MISSING_ACCESS);
    const page = pageQuery.safeParse(request.query);
    if (!page.success) return reply.code(400).send(INVALID_FORM_BODY);
    // https://discord.com/developers/docs/resources/message#get-channel-messages: no error, and no messages.
    if (!world.may(id, channel.id, "readMessageHistory")) return [];
    return world.chat.messages(channel.id, page.data).map((message) => messagePayload(world, message, view(request)));
  });
  api.get<Params<"channelId" | "messageId">>("/channels/:channelId/messages/:messageId", (request, reply) => {
    const { channelId, messageId } = request.params;
    const message = world.chat.message(messageId);
    if (message?.channelId !== channelId) return notFound(reply, "message");
    return messagePayload(world, message, view(request));
  });
  api.get<Params<"channelId" | "messageId" | "emoji">>(
    "/channels/:channelId/messages/:messageId/reactions/:emoji",
    (request, reply) => {
      const { channelId, messageId, emoji } = request.params;
      if (world.chat.message(messageId)?.channelId !== channelId) return notFound(reply, "message");
      const users = world.chat.reactions(messageId).get(emoji);
      const page = reactionQuery.safeParse(request.query);
      if (users === undefined) return notFound(reply, "emoji");
      if (!page.success) return reply.code(400).send(INVALID_FORM_BODY);
      const members = [...users].flatMap((userId) => world.member(userId) ?? []);
      return members.slice(0, page.data.limit).map(({ user }) => userPayload(user));
    },
  );
}
