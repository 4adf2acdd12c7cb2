/** What a room's page makes of calls of which nobody knows what came: whoever comes later sees them too. */
import { describe, expect, it } from "vitest";
import type { Message } from "#actors/room/frames.ts";
import { rowsOf } from "../web/src/rooms/room-rows.ts";
import { initial, toolExecution, withMessages, withRecordedTools } from "../web/src/rooms/room-state.ts";

const reply: Message = {
  ...{ id: "m1", room_id: "r1", seq: 4, author_id: "ada", author_kind: "agent", author_name: "Ada", text: "Well." },
  ...{ turn_id: "t1", in_reply_to: "m0", ai_generated: true, created_at: "2026-11-23T10:00:00.000Z" },
  unknown_calls: [{ id: "c1", tool: "mail" }],
};
const call = { id: "c1", turn_id: "t1", agent_id: "ada", tool: "mail" } as const;

const cards = (state: typeof initial) =>
  rowsOf(state, "olga").flatMap((row) => (row.kind === "message" ? row.tools : []));

describe("a call of which nobody knows what came", () => {
  it("has a card above the message that names it", () => {
    expect(cards(withMessages(initial, [reply]))).toEqual([{ ...call, status: "unknown" }]);
  });

  it("runs no more, though nobody has told the page of its end", () => {
    const running = toolExecution(initial, { ...call, status: "running", input: "{}" });
    expect(cards(withMessages(running, [reply]))).toEqual([{ ...call, status: "unknown", input: "{}" }]);
  });

  it("shows whoever may read the record what was asked", () => {
    const read = withRecordedTools(withMessages(initial, [reply]), [{ ...call, status: "unknown", input: "{}" }]);
    expect(cards(read)).toEqual([{ ...call, status: "unknown", input: "{}" }]);
  });

  it("is none of a message that names none", () => {
    const { unknown_calls: _none, ...plain } = reply;
    expect(cards(withMessages(initial, [plain]))).toEqual([]);
  });
});
