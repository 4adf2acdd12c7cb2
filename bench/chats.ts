/** Conversations as a caller has them, with Troupe and with a bare object; parts/turn.ts and parts/long.ts talk through these. */
import { signIn } from "./people.ts";
import type { Program } from "./program.ts";
import { call } from "./requests.ts";

export interface Answered {
  readonly text: string;
  /** What tools took. */
  readonly toolMs: number;
}

export interface Chat {
  readonly program: Program;
  /** After so long without a call it is at rest. */
  readonly restMs: number;
  /** Makes what conversations of these names need before anybody talks. */
  prepare(conversations: ReadonlyArray<string>): Promise<void>;
  /** Answers when the reply is stored. */
  say(conversation: string, text: string): Promise<Answered>;
}

interface WithId {
  readonly id: string;
}
interface ChatReply {
  readonly reply: { readonly text: string | null };
  readonly tool_executions: ReadonlyArray<{ readonly ms: number | null; readonly executed_at: string }>;
}

/** Calls of one round run side by side, so that a round takes as long as its longest; they bear the same time. */
function toolMsOf(executions: ChatReply["tool_executions"]): number {
  const byRound = Map.groupBy(executions, ({ executed_at }) => executed_at);
  return [...byRound.values()].reduce((sum, calls) => sum + Math.max(...calls.map(({ ms }) => ms ?? 0)), 0);
}

/** One agent that may use the calculator, a private room for each conversation. */
export async function troupeChat(program: Program): Promise<Chat> {
  const dana = await signIn(program.url, "dana");
  const agent = await dana.api<WithId>("POST", "/agents", {
    ...{ name: "Bench", llm_provider: "anthropic", model_name: "claude-sonnet-5-5" },
    ...{ system_prompt: "You are helpful.", capabilities: ["calculator"] },
  });
  const rooms = new Map<string, string>();
  return {
    program,
    // Read models are told within half a second, and every actor looks after itself five seconds after a commit.
    restMs: 6_500,
    async prepare(conversations) {
      for (const name of conversations) {
        const room = await dana.api<WithId>("POST", "/rooms", { name, kind: "private" });
        await dana.api("POST", `/rooms/${room.id}/participants`, { agent_id: agent.id });
        rooms.set(name, room.id);
      }
    },
    async say(conversation, message) {
      const room_id = rooms.get(conversation);
      const answer = await dana.api<ChatReply>("POST", `/agents/${agent.id}/chat`, { message, room_id });
      return { text: answer.reply.text ?? "", toolMs: toolMsOf(answer.tool_executions) };
    },
  };
}

/** One object for each conversation, made by its first message. */
export const bareChat = (program: Program): Chat => ({
  program,
  restMs: 500,
  prepare: async () => {},
  async say(conversation, text) {
    const answer = await call<{ readonly text: string }>("POST", `${program.url}/chat/${conversation}`, { text });
    return { text: answer.text, toolMs: 0 };
  },
});
