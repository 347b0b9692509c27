import { parseRtpHeader } from "../audio/rtp.ts";
import { callBehaviour } from "../fixture/call-behaviour.ts";
import type { CallFixture } from "../fixture/call-script.ts";
import { issueCertificates } from "./certificates.ts";
import { createFaults } from "./faults.ts";
import { Gateway } from "./gateway/gateway.ts";
import { ApplicationCommands } from "./interactions/application-commands.ts";
import { NotPossible } from "./interactions/command-input.ts";
import { Interactions } from "./interactions/interactions.ts";
import { buttonsOf } from "./interactions/message-components.ts";
import { Person } from "./interactions/person.ts";
import { type ConnectionEvent, Journal } from "./journal.ts";
import type { LoopbackFaults } from "./loopback-faults.ts";
import type { HeardPacket, Loopback, LoopbackOptions, PostedMessage, PressAnswer } from "./loopback-types.ts";
import { portOf } from "./net.ts";
import { listenRest } from "./rest/rest.ts";
import { RestFaults } from "./rest/rest-faults.ts";
import type { SessionStartLimit } from "./rest/rest-requests.ts";
import { type Impairments, planFates } from "./senders/impairments.ts";
import { type ImpairmentCounts, Network } from "./senders/network.ts";
import { SentLedger } from "./senders/sent-ledger.ts";
import { OpcodeFaults } from "./voice/opcode-faults.ts";
import { ENCRYPTION_MODES, type EncryptionMode } from "./voice/transport-crypto.ts";
import type { VoiceClient } from "./voice/voice-client.ts";
import { VoiceFaults } from "./voice/voice-faults.ts";
import { VoiceServers } from "./voice/voice-servers.ts";
import { type ClientPacket, VoiceSessions } from "./voice/voice-sessions.ts";
import { VoiceUdp } from "./voice/voice-udp.ts";
import { type Account, Accounts } from "./world/accounts.ts";
import { OtherGuilds } from "./world/other-guilds.ts";
import { Player } from "./world/player.ts";
import { addPeople, applyCallEvent } from "./world/script.ts";
import { injectFault } from "./world/scripted-faults.ts";
import { createSnowflake } from "./world/snowflake.ts";
import { World } from "./world/world.ts";
import type { Message } from "./world/world-chat.ts";

export type {
  ClientPacket,
  ConnectionEvent,
  EncryptionMode,
  ImpairmentCounts,
  Impairments,
  Loopback,
  LoopbackFaults,
  LoopbackOptions,
  PostedMessage,
  PressAnswer,
};

/** The value that Discord gives to most bots. */
const DEFAULT_SESSION_START_LIMIT: SessionStartLimit = { total: 1_000, remaining: 1_000, resetAfterMs: 0 };

const doNothing = (): undefined => undefined;

/**
 * Starts a local Discord on free ports. Clients can connect as soon as the promise resolves.
 *
 * @throws InputError for impairments that are out of range
 */
export async function startLoopback(options: LoopbackOptions): Promise<Loopback> {
  const { fixture, allowMessageContent = true, log = doNothing } = options;
  const { header } = fixture;
  const impairments = options.impairments ?? { seed: 0 };
  const fates = planFates(impairments, fixture.packets);
  const world = new World(header);
  const accounts = new Accounts();
  const addBot = (username: string, token?: string): Account => {
    const user = { id: createSnowflake(), username, displayName: username, bot: true };
    world.addMember(user);
    return accounts.add(user, token);
  };
  const bot = addBot("recorder", options.token);
  addPeople(world, fixture);
  restrictBot(world, bot.user.id, options);

  const certificates = await issueCertificates(options.workDir);
  const foreignSocket = await VoiceUdp.bind(log);
  const daveProtocolVersion = options.daveProtocolVersion ?? (header.channel.kind === "stage" ? 0 : 1);
  const sentLedger = new SentLedger();
  const ssrcs = ssrcsOf(fixture);
  const network: Network<VoiceClient> = new Network({
    impairments,
    fates,
    ssrcs: [...ssrcs],
    send: (client, datagram) => client.sendDatagram(datagram),
    onSent: (client, id) => {
      if (client.userId === bot.user.id) sentLedger.left(id, performance.now());
    },
    sendFromForeignSocket: ({ address }, datagram) => {
      if (address) foreignSocket.send(address, datagram);
    },
    clients: () => sessions.listeners,
  });
  const behaviour = structuredClone({ ...callBehaviour.parse({}), ...header.behaviour, ...options.behaviour });
  const opcodeFaults = new OpcodeFaults();
  const heard: HeardPacket[] = [];
  const nicknames: (string | null)[] = [];
  world.on("rename", ({ user }) => {
    if (user.id === bot.user.id) nicknames.push(user.nick ?? null);
  });
  const sessions: VoiceSessions = new VoiceSessions({
    world,
    accounts,
    opcodeFaultsOf: (userId) => (userId === bot.user.id ? opcodeFaults : undefined),
    log,
    daveProtocolVersion,
    committers: options.daveCommitters ?? "speakers",
    behaviour,
    takenSsrcs: ssrcs,
    firstSsrcOf: (userId) => parseRtpHeader(fixture.packets.get(userId)?.[0]?.rtp ?? Buffer.alloc(0))?.ssrc,
    speakingDelayMs: options.speakingDelayMs,
    hears: (userId) => world.voiceState(userId)?.flags.deaf !== true,
    transmit: (client, datagram, id) => network.transmit(client, datagram, id),
    onClientPacket: options.onClientPacket ?? doNothing,
    onSent: (packet) => {
      if (packet.client.userId === bot.user.id) sentLedger.add(packet);
    },
    onHeard: (fromUserId, byUserId, opus) => {
      if (fromUserId === bot.user.id) heard.push({ byUserId, opus });
    },
    onClientDescribed: (client) => {
      if (behaviour.startsAtConnect) startWith(client);
    },
    onClientReady: (client) => startWith(client),
  });
  const roomOf = (userId: string) => {
    const channelId = world.voiceState(userId)?.channelId;
    return channelId ? sessions.room(channelId) : undefined;
  };
  const player = new Player(fixture, {
    apply: (event) => {
      if (event.type === "fault") injectFault(faults, event.fault);
      else if (event.type === "press") void press(event.userId, event.button);
      else applyCallEvent(world, header, event);
    },
    announce: (userId, ssrc) => roomOf(userId)?.prepare(userId, ssrc),
    say: (userId, rtp, index) => roomOf(userId)?.say(userId, { rtp, index }),
  });
  function startWith(client: VoiceClient): void {
    if (client.userId !== bot.user.id) return;
    player.prepare();
    client.whenCaughtUp(() => {
      network.start();
      player.start();
    });
  }

  const journal = new Journal();
  const voiceFaults = new VoiceFaults(bot.user.id);
  const voiceServers = await VoiceServers.listen({
    sessions,
    faults: voiceFaults,
    journal,
    heartbeatIntervalMs: options.heartbeatIntervalsMs?.voice,
    guildId: world.guild.id,
    certificates,
    encryptionModes: options.encryptionModes ?? ENCRYPTION_MODES,
    daveProtocolVersion,
    log,
  });
  const gateway = await Gateway.listen({
    world,
    accounts,
    allowMessageContent,
    otherGuilds: new OtherGuilds(options.otherGuilds ?? 0),
    jobGuildLast: options.jobGuildLast ?? false,
    cdnUrl: () => cdnUrl,
    heartbeatIntervalMs: options.heartbeatIntervalsMs?.gateway,
    journal,
    log,
    voice: {
      admit: (session) => ({ token: sessions.admit(session), endpoint: voiceServers.endpoint }),
      isConnected: (session) => sessions.isConnected(session),
    },
  });
  const commands = new ApplicationCommands();
  const interactions = new Interactions({
    world,
    cdnUrl: () => cdnUrl,
    sessions: () => gateway.sessions.all,
    journal,
    limits: options.interactionLimits,
  });
  const person = (userId: string): Person =>
    new Person({
      ...{ world, userId, commands, interactions },
      applicationId: bot.user.id,
      defaultChannelId: (header.textChannel ?? header.channel).id,
    });
  const press = async (userId: string, button: string): Promise<PressAnswer | undefined> => {
    try {
      const outcome = await person(userId).press(button);
      if (!("message" in outcome)) return undefined;
      const { content, ephemeral } = outcome.message;
      return { content, ephemeral };
    } catch (error) {
      if (error instanceof NotPossible) return undefined;
      throw error;
    }
  };
  const restFaults = new RestFaults();
  const rest = await listenRest({
    world,
    accounts,
    allowMessageContent,
    gatewayUrl: gateway.url,
    cdnUrl: () => cdnUrl,
    journal,
    commands,
    interactions,
    faults: restFaults,
    faultyUserId: bot.user.id,
    shards: options.shards ?? 1,
    sessionStartLimit: options.sessionStartLimit ?? DEFAULT_SESSION_START_LIMIT,
  });
  const cdnUrl = `http://127.0.0.1:${portOf(rest.server)}`;
  const restUrl = `${cdnUrl}/api`;

  const closed = new AbortController();
  const faults: LoopbackFaults = createFaults({
    botUserId: bot.user.id,
    channelId: header.channel.id,
    world,
    accounts,
    gateway,
    voiceFaults,
    voiceServers,
    sessions,
    opcodeFaults,
    restFaults,
    behaviour,
    closed: closed.signal,
  });
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    closed.abort();
    player.stop();
    interactions.close();
    network.close();
    sessions.close();
    await Promise.all([rest.close(), gateway.close(), voiceServers.close(), foreignSocket.close()]);
  };
  return {
    restUrl,
    caCertificatePath: certificates.caCertificatePath,
    token: bot.token,
    botUserId: bot.user.id,
    environment: {
      DISCORD_BOT_TOKEN: bot.token,
      MEETBOT_DISCORD_API: restUrl,
      NODE_EXTRA_CA_CERTS: certificates.caCertificatePath,
      MEETBOT_MEETING_URL: `discord://${header.guild.id}/${header.channel.id}`,
      ...(header.textChannel ? { DISCORD_TEXT_CHANNEL_ID: header.textChannel.id } : {}),
    },
    played: player.played.then(() => network.finish()),
    get hasBegun() {
      return player.hasStarted;
    },
    sent: sentLedger.counts,
    sentOf: (userId) => sentLedger.sentOf(userId),
    decryptableOf: (userId) => sentLedger.decryptableOf(userId),
    sentAtMsOf: (userId) => sentLedger.sentAtMsOf(userId),
    impaired: network.counts,
    lostOf: (userId) => network.lostOf(userId),
    log: journal.events,
    get identifies() {
      return journal.events.flatMap((event) =>
        event.kind === "gateway_identify" && event.userId === bot.user.id
          ? [{ shardId: event.shardId, shardCount: event.shardCount }]
          : [],
      );
    },
    heard,
    nicknames,
    get posted() {
      return world.chat.messagesBy(bot.user.id).map(postedMessage);
    },
    press,
    person,
    addPerson: (name) => {
      const user = { id: createSnowflake(), username: name, displayName: name, bot: false };
      world.addMember(user);
      return person(user.id);
    },
    addRole: (name, permissions) => world.addRole(name, permissions).id,
    addCategory: (name, channelIds) => world.addCategory(name, channelIds).id,
    faults,
    addBot: (username) => {
      const { user, token } = addBot(username);
      return { userId: user.id, token };
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

/** Before anybody has logged in. */
function restrictBot(world: World, botUserId: string, options: LoopbackOptions): void {
  const { deniedPermissions = {}, userLimits = {}, botAlreadyInVoice, botTimedOutUntil } = options;
  world.timeOut(botUserId, botTimedOutUntil);
  for (const [channelId, names] of Object.entries(deniedPermissions)) world.deny(botUserId, channelId, names);
  for (const [channelId, userLimit] of Object.entries(userLimits)) world.limitUsers(channelId, userLimit);
  const member = world.member(botUserId);
  if (member && botAlreadyInVoice !== undefined) world.enterVoice(member, botAlreadyInVoice);
}

function postedMessage({ id, channelId, content, components, allowedMentions }: Message): PostedMessage {
  return { id, channelId, content, buttons: buttonsOf(components), allowedMentions: allowedMentions?.parse };
}

function ssrcsOf(fixture: CallFixture): ReadonlySet<number> {
  const packets = [...fixture.packets.values()].flat();
  return new Set(packets.flatMap(({ rtp }) => parseRtpHeader(rtp)?.ssrc ?? []));
}
