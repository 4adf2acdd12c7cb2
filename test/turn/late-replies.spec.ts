/** A reply that reaches its room after somebody whose words it may say again was erased. */
import { describe, expect, it } from "vitest";
import type { Keyring } from "#actors/kit/revealed.ts";
import { isLate } from "#actors/room/speech.ts";
import { room } from "#events/room/decide.ts";
import { dana, messageId } from "../support/given.ts";
import { open } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const log = () => open(room, nodeSql());
const keys = (answer: ReturnType<Keyring["get"]>): Keyring => ({ get: () => answer });
const reply = { tells: [dana], inReplyTo: messageId("one") };

describe("a reply", () => {
  it("comes too late where the key of somebody it tells of is destroyed", () => {
    expect(isLate(reply, log(), keys("destroyed"))).toBe(true);
    expect(isLate({ ...reply, tells: [] }, log(), keys("destroyed"))).toBe(false);
    expect(isLate(reply, log(), keys({ number: 1, key: new Uint8Array(32) }))).toBe(false);
  });
});
