/** Tool calls as the room is shown them: through the same content rules as what the agent says; used by step 4. */
import { Effect } from "effect";
import type { CallView, TurnView } from "#events/agent/turn.ts";
import { Rooms, type Sign, Toolbox } from "./ports.ts";
import { seenByPeople, toolNamed } from "./tool-words.ts";

/** How a call stands. */
export type CallSign = Pick<Extract<Sign, { event: "tool_execution" }>, "status" | "output" | "error" | "ms">;

/** Signs for a turn's calls. Everybody in the room gets them, and the log keeps what was really asked and answered. */
export const toolSigns = Effect.fnUntraced(function* (turn: TurnView) {
  const rooms = yield* Rooms;
  const toolbox = yield* Toolbox;
  const seen = yield* seenByPeople(turn.context!.messageSeqs);
  const { turnId, roomId } = turn;
  return {
    /** Says that these are being used. */
    use: (calls: ReadonlyArray<CallView>): void => {
      const names = [...new Set(calls.map(({ tool }) => toolNamed(toolbox, tool)))];
      rooms.show(roomId, { event: "agent_thinking", turnId, state: "tools", label: `Using ${names.join(", ")}…` });
    },
    /** The signs of one call. Looking through what it takes and answers is the dearest part: not for an empty room. */
    of: ({ callId, tool }: CallView, input: string) => {
      const call = { event: "tool_execution", turnId, callId, tool: toolNamed(toolbox, tool) } as const;
      let seenInput: string | undefined;
      return ({ output, error, ...status }: CallSign): void => {
        if (!rooms.watched(roomId)) return;
        seenInput ??= seen(input);
        rooms.show(roomId, {
          ...{ ...call, ...status, input: seenInput },
          ...(output === undefined ? {} : { output: seen(output) }),
          ...(error === undefined ? {} : { error: seen(error) }),
        });
      };
    },
  };
});
