/** Turns as somebody sees them who looks on: rooms with an agent, each with a socket open; parts/stream.ts asks through these. */
import { randomUUID } from "node:crypto";
import { type Person, signIn } from "./people.ts";
import { machineMs } from "./processes.ts";
import type { Program } from "./program.ts";
import { type Payload, type Seat, takeSeat } from "./rooms.ts";

/** A turn as its frames came, in milliseconds of the machine's clock. */
export interface Seen {
  /** Every frame that names the turn. */
  readonly framesAt: ReadonlyArray<number>;
  readonly firstDeltaAt: number;
  /** When the stored reply came. */
  readonly wholeAt: number;
  readonly text: string;
}

/** A room somebody looks at. */
export interface Watched {
  /** Says something to the agent, and answers when its turn is over. @throws when it ends without a reply. */
  ask(text: string): Promise<Seen>;
  close(): void;
}

const OVER_WITHIN_MS = 60_000;

interface WithId {
  readonly id: string;
}

/** One agent for all of them, and so many private rooms with it and its owner. */
export async function roomsOfOneAgent(owner: Person, count: number): Promise<ReadonlyArray<string>> {
  const agent = await owner.api<WithId>("POST", "/agents", {
    ...{ name: "Bench", llm_provider: "anthropic", model_name: "claude-sonnet-5-5", system_prompt: "You are helpful." },
  });
  const rooms: string[] = [];
  for (let index = 0; index < count; index++) {
    const { id } = await owner.api<WithId>("POST", "/rooms", { name: `Room ${index}`, kind: "private" });
    await owner.api("POST", `/rooms/${id}/participants`, { agent_id: agent.id });
    rooms.push(id);
  }
  return rooms;
}

/** What is said so that the agent answers: it is called by its name. */
export const toAgent = (text: string) => ({ text: `@Bench ${text}`, client_msg_id: randomUUID() });

/** Gathers the frames of one turn until it is over. */
class Looking {
  readonly #framesAt: number[] = [];
  #firstDeltaAt: number | undefined;
  #whole: { readonly wholeAt: number; readonly text: string } | undefined;
  readonly seen: Promise<Seen>;
  #resolve: (seen: Seen) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(text: string) {
    this.seen = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`“${text}” was never answered`)), OVER_WITHIN_MS);
      this.#resolve = (seen) => {
        clearTimeout(late);
        resolve(seen);
      };
      this.#reject = (error) => {
        clearTimeout(late);
        reject(error);
      };
    });
  }

  hear(event: string, payload: Payload): void {
    if (payload.turn_id === undefined) return;
    const at = machineMs();
    this.#framesAt.push(at);
    if (event === "agent_message" && payload.phase === "delta") this.#firstDeltaAt ??= at;
    if (event === "agent_message" && payload.phase === "end") this.#whole = { wholeAt: at, text: payload.text ?? "" };
    if (event !== "agent_thinking" || !/^(done|stopped|failed)$/.test(payload.state ?? "")) return;
    const [framesAt, firstDeltaAt, whole] = [this.#framesAt, this.#firstDeltaAt, this.#whole];
    if (payload.state !== "done" || firstDeltaAt === undefined || whole === undefined)
      this.#reject(new Error(`a turn ended as ${payload.state}: ${JSON.stringify({ firstDeltaAt, whole })}`));
    else this.#resolve({ framesAt, firstDeltaAt, ...whole });
  }
}

async function watch(program: Program, token: string, room: string): Promise<Watched> {
  let looking: Looking | undefined;
  const seat: Seat = await takeSeat(program, token, room, (event, payload) => looking?.hear(event, payload));
  return {
    ask: (text) => {
      looking = new Looking(text);
      seat.push("new_message", toAgent(text));
      return looking.seen;
    },
    close: seat.close,
  };
}

/** So many rooms under watch. */
export async function watchedRooms(program: Program, count: number): Promise<ReadonlyArray<Watched>> {
  const dana = await signIn(program.url, "dana");
  const rooms = await roomsOfOneAgent(dana, count);
  return Promise.all(rooms.map((room) => watch(program, dana.token, room)));
}
