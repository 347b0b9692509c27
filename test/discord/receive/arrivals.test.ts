import { expect, it } from "vitest";
import { Arrivals } from "../../../src/discord/receive/arrivals.ts";

it("hands out datagrams once, in order, with their arrival times", () => {
  const arrivals = new Arrivals();
  const taken: [string, number][] = [];
  const take = (): void => arrivals.take((datagram, arrivalMs) => taken.push([datagram.toString(), arrivalMs]));
  take();
  arrivals.add(Buffer.from("first"), 20.5);
  arrivals.add(Buffer.from("second"), 40.25);
  take();
  take();
  arrivals.add(Buffer.from("third"), 60);
  take();
  expect(taken).toEqual([
    ["first", 20.5],
    ["second", 40.25],
    ["third", 60],
  ]);
});

it("may be asked again from inside the handler of a datagram", () => {
  const arrivals = new Arrivals();
  const taken: string[] = [];
  const take = (): void =>
    arrivals.take((datagram) => {
      taken.push(datagram.toString());
      take();
    });
  for (const text of ["first", "second"]) arrivals.add(Buffer.from(text), 0);
  take();
  expect(taken).toEqual(["first", "second"]);
});
