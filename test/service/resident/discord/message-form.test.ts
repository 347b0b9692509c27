import { describe, expect, it } from "vitest";
import { messageBody } from "../../../../src/service/resident/discord/message-form.ts";

describe("a message", () => {
  it("that is too long is cut to whole characters, and so are its buttons", () => {
    const [text, label] = [`${"x".repeat(1_999)}😀`, `${"x".repeat(79)}😀`];
    const body = messageBody({ text, rows: [[{ id: "record:a", label, style: "primary" }]] });
    expect(body).toMatchObject({
      content: `${"x".repeat(1_999)}\ufffd`,
      components: [{ components: [{ label: `${"x".repeat(79)}\ufffd` }] }],
    });
  });
});
