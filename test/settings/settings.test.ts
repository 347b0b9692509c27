import { describe, expect, test } from "vitest";
import { defaultsFile, SETTINGS } from "../../src/settings/settings.ts";
import { fileUriPath, s3UriPlace } from "../../src/settings/storage-uri.ts";
import { isSecret, type Setting } from "../../src/settings/table/setting.ts";
import { settingsByTopic } from "../../tools/reference/settings.ts";

const ROWS: readonly Setting[] = SETTINGS;

describe("settings", () => {
  test("have unique names and keys", () => {
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
    expect(new Set(ROWS.map(({ key }) => key)).size).toBe(ROWS.length);
  });

  test("have keys equal to their names without the prefix", () => {
    for (const { name, key } of ROWS) {
      const words = name
        .replace(/^(MEETBOT|DISCORD)_/, "")
        .toLowerCase()
        .split("_");
      const [first = "", ...rest] = words;
      expect(key).toBe(first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(""));
    }
  });

  test.each(ROWS.filter(({ default: value }) => value !== undefined))(
    "accept their own default: $name",
    ({ type, default: value }) => {
      expect(type.schema.safeParse(value).success).toBe(true);
      expect(type.schema.safeParse(String(value)).success).toBe(true);
    },
  );
});

test("The page has one row for each setting, and a secret's is marked.", () => {
  const lines = settingsByTopic()
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(lines).toHaveLength(ROWS.length);
  for (const setting of ROWS) {
    const { name } = setting;
    const [row, ...others] = lines.filter((line) => line.startsWith(`| \`${name}\``));
    expect(others).toEqual([]);
    expect(row?.includes("(secret)")).toBe(isSecret(setting));
  }
});

test("The defaults file holds the settings that have a default, and no secret.", () => {
  const keys = Object.keys(defaultsFile());
  expect(keys).toEqual(ROWS.filter(({ default: value }) => value !== undefined).map(({ key }) => key));
  expect(ROWS.filter(({ key, secret }) => secret === true && keys.includes(key))).toEqual([]);
});

test("A file: address is a path, or a URL of this machine.", () => {
  expect(fileUriPath("file:./a")).toBe("./a");
  expect(fileUriPath("file:///a%2Bb")).toBe("/a+b");
  expect(fileUriPath("file://elsewhere/a")).toBeUndefined();
  expect(fileUriPath("file:///a%2Fb")).toBeUndefined();
  expect(fileUriPath("https://example.org")).toBeUndefined();
});

test("An s3: address is a bucket and a prefix, which may be empty.", () => {
  expect(s3UriPlace("s3://bucket")).toEqual({ bucket: "bucket", prefix: "" });
  expect(s3UriPlace("s3://bucket/")).toEqual({ bucket: "bucket", prefix: "" });
  expect(s3UriPlace("s3://my.bucket-1/calls/Büro 2%20/")).toEqual({ bucket: "my.bucket-1", prefix: "calls/Büro 2%20" });
  for (const uri of [
    "s3:bucket",
    "s3://",
    "s3://Bucket",
    "s3://ab",
    "s3://bucket//a",
    "s3://bucket/../a",
    "s3://b/a?b",
  ]) {
    expect(s3UriPlace(uri)).toBeUndefined();
  }
  expect(s3UriPlace(`s3://bucket/${"x".repeat(513)}`)).toBeUndefined();
});
