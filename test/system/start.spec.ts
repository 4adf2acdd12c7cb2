/** `npm start` when it cannot start: one clear line, an exit code, and nothing left running. */

import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { failingStart, forget, newState } from "../support/program.ts";

const state = newState();
afterAll(() => forget(state));

it.each([
  ["a port that is a word", ["--port", "abc"], {}, /--port abc is not a port number/],
  ["a port that cannot be", ["--port", "70000"], {}, /--port 70000 is not a port number/],
  ["a flag nobody knows", ["--colour", "red"], {}, /--colour/],
  ["a key that is none", [], { KEY_ENCRYPTION_KEYS: "1:secret" }, /KEY_ENCRYPTION_KEYS/],
  ["an address that is none", [], { OPENAI_BASE_URL: "somewhere" }, /OPENAI_BASE_URL/],
  ["Clerk without its parties", [], { CLERK_SECRET_KEY: "sk_test_x" }, /CLERK_AUTHORIZED_PARTIES/],
] as const)("%s is said in one line", async (_what, flags, settings, line) => {
  const own = join(state, crypto.randomUUID());
  const { code, said } = await failingStart(["--state", own, ...flags], settings);
  expect(code).toBe(1);
  expect(said).toMatch(line);
  expect(said.split("\n")).toHaveLength(1);
  expect(said).not.toContain("sk_test_x");
});

it("a port that is taken is left to who has it", async () => {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(0, "127.0.0.1", done));
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { code, said } = await failingStart(["--port", String(port), "--state", join(state, "taken")]);
  expect([code, said]).toEqual([1, expect.stringMatching(new RegExp(`^.*${port}.*$`))]);
  expect(existsSync(join(state, "taken"))).toBe(false);
  await new Promise((done) => holder.close(done));
});
