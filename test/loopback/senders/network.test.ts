import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Impairments, planFates } from "../../../src/loopback/senders/impairments.ts";
import { Network } from "../../../src/loopback/senders/network.ts";
import { person, toneCall } from "../../support/tone-call.ts";

interface Client {
  readonly heard: string[];
  readonly heardElsewhere: Buffer[];
  /** Index and time of each packet that left for the client. */
  readonly left: [number, number][];
}

const A = person(1).id;
const PACKETS = 400;

/** A network with one client or more, and a speaker who sends a packet every 20 ms: datagrams are their indices. */
function create(impairments: Omit<Impairments, "seed">, clientCount = 1) {
  const { packets } = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: PACKETS }]);
  const clients = Array.from({ length: clientCount }, (): Client => ({ heard: [], heardElsewhere: [], left: [] }));
  const fates = planFates({ seed: 5, ...impairments }, packets);
  const network = new Network<Client>({
    impairments: { seed: 5, ...impairments },
    fates,
    ssrcs: [1_000],
    send: (client, datagram) => client.heard.push(datagram.toString()),
    onSent: (client, { index }) => client.left.push([index, performance.now()]),
    sendFromForeignSocket: (client, datagram) => client.heardElsewhere.push(datagram),
    clients: () => clients,
  });
  const sendOne = (index: number): void => {
    for (const client of clients) network.transmit(client, Buffer.from(`${index}`), { userId: A, index });
  };
  const play = (): void => {
    network.start();
    for (let index = 0; index < PACKETS; index += 1) {
      sendOne(index);
      vi.advanceTimersByTime(20);
    }
    vi.advanceTimersByTime(5_000);
  };
  const [client] = clients;
  if (client === undefined) throw new Error("one client at least");
  return { network, client, clients, fates: fates.get(A) ?? [], sendOne, play };
}

const all = Array.from({ length: PACKETS }, (_, index) => `${index}`);

describe("the network", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("does not change a call and needs no timer if no impairment is requested", () => {
    const { network, client, play } = create({});
    network.transmit(client, Buffer.from("first"), undefined);
    expect(vi.getTimerCount()).toBe(0);
    play();
    expect(client.heard).toEqual(["first", ...all]);
    expect(Object.values(network.counts)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("loses the chosen packets for every client, and reports which", () => {
    const { network, clients, fates, play } = create({ loss: 0.1 }, 2);
    play();
    const arrived = all.filter((_, index) => !fates[index]?.lost);
    for (const { heard } of clients) expect(heard).toEqual(arrived);
    expect([...network.lostOf(A)].map(String)).toEqual(all.filter((index) => !arrived.includes(index)));
    expect(network.counts.lost).toBe(PACKETS - arrived.length);
    expect(network.lostOf("nobody").size).toBe(0);
  });

  it("swaps exactly the chosen packets with their successors", () => {
    const { network, client, fates, play } = create({ swaps: 30 });
    play();
    const expected = [...all];
    for (const [index, { swapped }] of fates.entries()) {
      if (swapped) expected.splice(index, 2, `${index + 1}`, `${index}`);
    }
    expect(client.heard).toEqual(expected);
    expect(expected).not.toEqual(all);
    expect(network.counts.swapped).toBe(30);
  });

  it("holds a swapped packet only briefly if no successor comes", () => {
    const { client, fates, sendOne } = create({ swaps: 30 });
    const last = fates.findIndex(({ swapped }) => swapped);
    sendOne(last);
    expect(client.heard).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(client.heard).toEqual([`${last}`]);
    sendOne(last + 1);
    expect(client.heard).toEqual([`${last}`, `${last + 1}`]);
  });

  it("doubles packets, and counts each once however many clients there are", () => {
    const { network, clients, fates, play } = create({ duplicate: 0.1 }, 3);
    play();
    const expected = all.flatMap((index) => (fates[Number(index)]?.duplicated ? [index, index] : [index]));
    for (const { heard } of clients) expect(heard).toEqual(expected);
    expect(network.counts.duplicated).toBe(expected.length - PACKETS);
  });

  it("delays packets by their jitter, which reorders them, and loses none", () => {
    const { network, client, fates, play } = create({ jitterMs: 70 });
    play();
    const arrivals = fates.map(({ delayMs }, index) => ({ index, atMs: index * 20 + delayMs }));
    const expected = arrivals.toSorted((left, right) => left.atMs - right.atMs).map(({ index }) => `${index}`);
    expect(client.heard).toEqual(expected);
    expect(expected).not.toEqual(all);
    expect(network.counts.delayed).toBe(PACKETS);
  });

  it("reports each packet of the fixture once, when it leaves", () => {
    const { network, client, play } = create({ jitterMs: 70, duplicate: 0.1, swaps: 30, replay: 0.05, loss: 0.1 });
    network.transmit(client, Buffer.from("not of the fixture"), undefined);
    play();
    expect(client.left.map(([index]) => `${index}`)).toEqual([...new Set(client.heard.slice(1))]);
  });

  it("stalls, then sends everything at once and in order, before later packets", () => {
    const { network, client, sendOne } = create({ stalls: [{ atMs: 100, durationMs: 200 }] });
    network.start();
    for (let index = 0; index < 15; index += 1) {
      sendOne(index);
      vi.advanceTimersByTime(20);
      if (index === 13) expect(client.heard).toEqual(all.slice(0, 5));
    }
    expect(client.heard).toEqual(all.slice(0, 15));
    expect(network.counts.delayed).toBe(10);
    const begunAtMs = client.left[0]?.[1] ?? Number.NaN;
    expect(client.left.slice(4, 7).map(([index, atMs]) => [index, atMs - begunAtMs])).toEqual([
      [4, 80],
      [5, 300],
      [6, 300],
    ]);
  });

  it("replays datagrams byte for byte, long after the packet", () => {
    const { network, client, fates, play } = create({ replay: 0.05 });
    play();
    const replayed = all.filter((_, index) => fates[index]?.replayAfterMs !== undefined);
    // 50 packets a second: a replay a second later or more comes behind them, as far as there are any.
    for (const index of replayed.filter((index) => Number(index) < PACKETS - 50)) {
      const [first, second] = [client.heard.indexOf(index), client.heard.lastIndexOf(index)];
      expect(second - first).toBeGreaterThan(45);
    }
    expect(client.heard).toHaveLength(PACKETS + replayed.length);
    expect(network.counts.replayed).toBe(replayed.length);
  });

  it("forges at the requested rate, a fifth from another port, while the call lasts", async () => {
    const { network, client } = create({ forgedPerSecond: 1_000 });
    network.start();
    vi.advanceTimersByTime(1_000);
    const finished = network.finish();
    vi.advanceTimersByTime(1_000);
    await finished;
    expect(Math.abs(network.counts.forged - 1_000)).toBeLessThan(10);
    expect(client.heard.length + client.heardElsewhere.length).toBe(network.counts.forged);
    expect(client.heardElsewhere).toHaveLength(Math.floor(network.counts.forged / 5));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("starts once, however often start is called", () => {
    const { network, client, sendOne } = create({ stalls: [{ atMs: 0, durationMs: 100 }] });
    network.start();
    vi.advanceTimersByTime(150);
    network.start();
    sendOne(0);
    expect(client.heard).toEqual(["0"]);
  });

  it("delivers everything on its way before it finishes, and nothing after it is closed", async () => {
    const { network, client, sendOne } = create({ stalls: [{ atMs: 0, durationMs: 100 }] });
    network.start();
    sendOne(0);
    const finished = network.finish();
    vi.advanceTimersByTime(100);
    await finished;
    expect(client.heard).toEqual(["0"]);
    const other = create({ stalls: [{ atMs: 0, durationMs: 100 }] });
    other.network.start();
    other.sendOne(0);
    other.network.close();
    vi.advanceTimersByTime(200);
    expect(other.client.heard).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
