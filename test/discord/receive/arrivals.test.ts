import { expect, it } from "vitest";
import { Arrivals } from "../../../src/discord/receive/arrivals.ts";

it("gives datagrams out once, in their order, with the times at which they came", () => {
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

it("may be asked again by who is being given one", () => {
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
