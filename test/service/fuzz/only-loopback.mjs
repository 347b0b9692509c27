// Loaded into the service while it is fuzzed: webhooks have addresses that nobody chose, and must not be sent there.
import { Socket } from "node:net";

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof first === "object" ? (first.host ?? "localhost") : "localhost";
  if (["localhost", "127.0.0.1", "::1"].includes(host)) return connect.apply(this, args);
  process.nextTick(() => this.destroy(new Error(`${host} is outside of this machine`)));
  return this;
};
