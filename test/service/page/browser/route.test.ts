import { expect, it } from "vitest";
import { loginIn, routeOf, typedCode } from "../../../../src/service/page/browser/route.ts";

it.each([
  ["", { view: "jobs" }],
  ["#/jobs", { view: "jobs" }],
  ["#/jobs/job_1", { view: "job", id: "job_1" }],
  ["#/new", { view: "new" }],
  ["#/recordings", { view: "recordings" }],
  ["#/recordings/job_1", { view: "recording", id: "job_1" }],
  ["#/usage", { view: "usage" }],
  ["#/usage/x", { view: "usage" }],
  ["#/jobs/../../admin", { view: "jobs" }],
  ["#/jobs/<img>", { view: "jobs" }],
  ["#/nothing", { view: "jobs" }],
])("The fragment %s names a view.", (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});

it.each([
  ["?login=7KQ2-M9XD", "7KQ2-M9XD"],
  ["?a=1&login=7kq2-m9xd", "7KQ2-M9XD"],
  ["?login=", undefined],
  ["?login=<b>", undefined],
  ["", undefined],
])("The address %s asks to confirm a login.", (search, code) => {
  expect(loginIn(search)).toBe(code);
});

it.each([
  ["7KQ2-M9XD", "7KQ2-M9XD"],
  [" 7kq2 m9xd ", "7KQ2-M9XD"],
  ["7kq2m9xd", "7KQ2-M9XD"],
  ["OIL0-1234", "0110-1234"],
  ["7KQ2-M9X", undefined],
  ["7KQ2-M9XD1", undefined],
  ["<b>", undefined],
  ["", undefined],
])("Somebody types %j as the code of a login.", (text, code) => {
  expect(typedCode(text)).toBe(code);
});
