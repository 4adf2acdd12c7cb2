/** What a room keeps of the replies that run: what it showed of each, to be shown again, and no more than it can hold. */
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES, type ServerFrames } from "#actors/room/frames.ts";
import { RunningReplies } from "#actors/room/running-replies.ts";

type Piece = ServerFrames["agent_message"];

const about = (agent: string, turn: string) =>
  ({ message_id: `${turn}/reply`, turn_id: turn, agent_id: agent, in_reply_to: "one", ai_generated: true }) as const;
const start = (agent: string, turn: string): Piece => ({ ...about(agent, turn), phase: "start" });
const delta = (agent: string, turn: string, text: string): Piece => ({
  ...about(agent, turn),
  phase: "delta",
  delta: text,
});

/** The replies after these pieces were shown. */
function shown(...pieces: ReadonlyArray<Piece>): RunningReplies {
  const replies = new RunningReplies();
  for (const piece of pieces) replies.shown(piece);
  return replies;
}

describe("replies that run in a room", () => {
  it("are told to who comes as they were shown, each by itself", () => {
    const replies = shown(
      ...[start("ada", "t1"), delta("ada", "t1", "Well. "), start("bo", "t2"), delta("ada", "t1", "Now.")],
    );
    expect(replies.soFar()).toEqual([start("ada", "t1"), delta("ada", "t1", "Well. Now."), start("bo", "t2")]);
  });

  it("that start anew are told from there on", () => {
    const replies = shown(start("ada", "t1"), delta("ada", "t1", "Lost."), start("ada", "t1"), delta("ada", "t1", "A"));
    expect(replies.soFar()).toEqual([start("ada", "t1"), delta("ada", "t1", "A")]);
  });

  it("are told to nobody once they are stored, or broken off", () => {
    const replies = shown(start("ada", "t1"), start("bo", "t2"));
    replies.stored("ada", "t1");
    expect(replies.brokenOff("bo", "t2")).toEqual({ ...about("bo", "t2"), phase: "error" });
    expect(replies.soFar()).toEqual([]);
    expect([replies.brokenOff("ada"), replies.brokenOff("bo")]).toEqual([undefined, undefined]);
  });

  it("go on where a message of another turn is stored late", () => {
    const replies = shown(start("ada", "t2"), delta("ada", "t2", "Well. "));
    replies.stored("ada", "t1");
    replies.shown(delta("ada", "t2", "Now."));
    expect(replies.soFar()).toEqual([start("ada", "t2"), delta("ada", "t2", "Well. Now.")]);
  });

  it("are told to nobody once they were forgotten, also as they go on, and break off all the same [S2]", () => {
    const replies = shown(start("ada", "t1"), delta("ada", "t1", "Dana lives in Ulm. "));
    replies.forget();
    replies.shown(delta("ada", "t1", "In Ulm, that is."));
    expect(replies.soFar()).toEqual([]);
    expect(replies.brokenOff("ada", "t1")).toEqual({ ...about("ada", "t1"), phase: "error" });
  });

  it("break off with their own turn, and with no other of the agent's", () => {
    const replies = shown(start("ada", "t2"));
    expect(replies.brokenOff("ada", "t1")).toBeUndefined();
    expect(replies.brokenOff("ada")).toMatchObject({ turn_id: "t2", phase: "error" });
  });

  it("whose beginning the room missed, or that are too long to be kept, are not told, and break off all the same", () => {
    const long = "x".repeat(MAX_FRAME_BYTES);
    for (const replies of [
      shown(delta("ada", "t1", "the end of it")),
      shown(start("ada", "t0"), delta("ada", "t0", "Old."), delta("ada", "t1", "new")),
      shown(start("ada", "t1"), delta("ada", "t1", long), delta("ada", "t1", "y"), delta("ada", "t1", "z")),
      shown(start("ada", "t1"), delta("ada", "t1", "ü".repeat(MAX_FRAME_BYTES / 2)), delta("ada", "t1", "y")),
    ]) {
      expect(replies.soFar()).toEqual([]);
      expect(replies.brokenOff("ada", "t1")).toMatchObject({ phase: "error" });
    }
  });
});
