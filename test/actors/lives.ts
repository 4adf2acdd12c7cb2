/** Lives of one turn in the real runtime: where its objects die, how they are found again, what people and models saw; used by ladder.spec.ts. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Effect, Layer, Schema } from "effect";
import { expect, vi } from "vitest";
import type { Abilities } from "#actors/agent/runtime.ts";
import { Toolbox } from "#actors/agent/turn/ports.ts";
import { Ledger } from "#actors/kit/ledger.ts";
import type { UserId } from "#events/kit/ids.ts";
import { makeToolbox, shelf } from "#src/tools/shelf.ts";
import { defineTool } from "#src/tools/tool.ts";
import { Agent } from "#src/worker.ts";
import {
  type AgentBody,
  agrees,
  bindings,
  eventsOf,
  eventually,
  fresh,
  messagesOf,
  newAgent,
  newRoom,
  type Person,
  person,
  type RoomBody,
} from "../support/door.ts";
import type { FrameClient } from "../support/phoenix-frames.ts";
import { seated } from "./room-socket.ts";
import { type Asked, type Says, scripted, scriptedModel } from "./scripted-model.ts";

/** Many turns share two cores with whatever else is tested. */
const PATIENCE_MS = 60_000;
/** What goes on by itself needs no alarm. */
const LOOKS_A_RING = 25;

const QUESTION = "@Ada, remember that my lucky number is 7. What is 17 * 23? And stamp it.";
export const ANSWER = "It is 391, and it is stamped.";

type CommandOf = { readonly type: string; readonly meta: { readonly id: string } };

/** One turn and the objects it lives in, which die at the moments that were given to it: one in each life, the last is a long one. */
export class Turn {
  readonly #deaths: number[];
  readonly #moments = new Set<string>();
  isDead = false;
  hasEnded = false;
  /** What it died of, life after life. */
  readonly died: string[] = [];
  /** How often the tool that must not run twice did. */
  stamps = 0;
  /** The ids of all that it took to record it. */
  readonly commands = new Set<string>();
  readonly asked: Asked[] = [];
  readonly #sockets: FrameClient[] = [];
  readonly #olga: Person;
  readonly #agent: AgentBody;
  readonly #room: RoomBody;
  #isHeard = false;
  #rings = false;

  private constructor(deaths: ReadonlyArray<number>, olga: Person, agent: AgentBody, room: RoomBody) {
    this.#deaths = [...deaths];
    this.#olga = olga;
    this.#agent = agent;
    this.#room = room;
  }

  /** A room with a person at a socket, and an agent that has a tool which is pure and one that must run once. */
  static async staged(deaths: ReadonlyArray<number>): Promise<Turn> {
    const olga = await person("olga");
    const tag = fresh("house");
    const agent = await newAgent(olga, scripted("Ada", { system_prompt: `You are the Ada of ${tag}.` }));
    const tools = ["calculator", "stamp"].map((name) => ({ name, mode: "allow" as const }));
    const by = { userId: olga.id as UserId, name: "Olga", roles: [] };
    // Over HTTP only what is on the shelf can be granted.
    const granted = await bindings.AGENT.getByName(agent.id).change(by, fresh("grant"), { tools });
    expect(granted).toMatchObject({ outcome: "accepted" });
    await agrees(olga, agent);
    const room = await newRoom(olga, "private", { agents: [agent] });
    const turn = new Turn(deaths, olga, agent, room);
    for (const key of [`agent:${agent.id}`, `room:${room.id}`, tag]) turns.set(key, turn);
    return turn;
  }

  /** Something has just happened, or is about to: the objects may die of it. What is taken anew with its keys is the same moment. */
  moment(what: string, id = ""): void {
    if (this.isDead || this.#moments.has(what + id)) return;
    this.#moments.add(what + id);
    if (this.#moments.size !== this.#deaths[0]) return;
    this.isDead = true;
    this.died.push(what);
  }

  /** How many moments there were in this life. */
  get moments(): number {
    return this.#moments.size;
  }

  /** Somebody looks, and says what nobody has confirmed yet. Ends with this life or with the turn. */
  async live(): Promise<void> {
    // Until somebody looks, what was dead stays dead: nothing may happen that nobody can see.
    this.#sockets.push(await seated(this.#olga, this.#room.id));
    this.#moments.clear();
    if (this.isDead) this.#deaths.shift();
    this.isDead = false;
    let looks = 0;
    const isOver = async () => {
      if (!this.#isHeard) this.#isHeard = (await this.#say()) === 201;
      if (looks++ % LOOKS_A_RING === 0) void this.#ring();
      return this.isDead || this.hasEnded || undefined;
    };
    await eventually("the end of this life or of the turn", isOver, PATIENCE_MS);
  }

  /** Lets the alarms ring, one after the other. One that nobody lived to answer rings again in the next life. */
  async #ring(): Promise<void> {
    if (this.#rings) return;
    this.#rings = true;
    for (const stub of this.#stubs()) await runDurableObjectAlarm(stub).catch(() => {});
    this.#rings = false;
  }

  #say(): Promise<number | undefined> {
    return this.#olga
      .post(`/rooms/${this.#room.id}/messages`, { text: QUESTION, client_msg_id: "question" })
      .then(({ status }) => status);
  }

  #stubs() {
    return [bindings.ROOM.getByName(this.#room.id), bindings.AGENT.getByName(this.#agent.id)] as const;
  }

  /** The types of all that the turn has recorded, by the agent and in the room, oldest first; what is learned or swept beside it is left out. */
  async recorded(): Promise<ReadonlyArray<string>> {
    const logs = [eventsOf(this.#olga, "agents", this.#agent.id), eventsOf(this.#olga, "rooms", this.#room.id)];
    const events = (await Promise.all(logs)).flat();
    return events.flatMap(({ type, command }) => (this.commands.has(command) ? [type] : []));
  }

  async replies(): Promise<ReadonlyArray<string>> {
    const messages = await messagesOf(this.#olga, this.#room.id);
    return messages.flatMap(({ ai_generated, text }) => (ai_generated ? [text] : []));
  }

  /** Whether both logs are chained from their first event to their last. */
  verified(): Promise<ReadonlyArray<unknown>> {
    return Promise.all(
      this.#stubs().map((stub) =>
        runInDurableObject(stub as DurableObjectStub, (actor) =>
          (actor as unknown as { ledger: { verify(): unknown } }).ledger.verify(),
        ),
      ),
    );
  }

  /** How the call of the stamp stood in the end, as the room was shown it in all these lives. */
  shownOfStamp(): ReadonlyArray<string> {
    return this.#sockets.flatMap((socket) =>
      socket
        .of<{ readonly tool: string; readonly status: string }>("tool_execution")
        .flatMap(({ tool, status }) => (tool === "stamp" ? [status] : [])),
    );
  }
}

/** Turns by the streams they are in, and by what their prompts say. */
const turns = new Map<string, Turn>();

const stamp = defineTool({
  name: "stamp",
  description: "Stamps it.",
  family: "creative",
  permission: "ask",
  replay: "once",
  timeoutMs: 2_000,
  input: Schema.Struct({ what: Schema.String }),
  run: (_input, { agentId }) =>
    Effect.sync(() => {
      const turn = turns.get(`agent:${agentId}`)!;
      turn.stamps += 1;
      turn.moment("the stamp");
      return "stamped";
    }),
});

/** A round with both tools, and one with the answer. What was asked is answered in full, or to the middle, when the asker may die of it. */
function spoken(asked: Asked): Says {
  const turn = turns.get(/house-\w+/.exec(asked.system)?.[0] ?? "");
  if (turn === undefined) return { says: ["Nobody has asked me."] };
  turn.asked.push(asked);
  const until = async () => turn.moment("an answer", `${turn.asked.length}`);
  // Whoever asks has a name with digits in it, drawn by chance.
  if (asked.said.some((line) => /tool calculator[^}]*391/.test(line))) {
    const says = ["It is 391,", " and it", " is stamped."];
    return { says, holdBefore: { piece: 1, until } };
  }
  const calls = [
    { id: "call_1", tool: "calculator", json: ['{"expression":"17 * 23"}'] },
    { id: "call_2", tool: "stamp", json: ['{"what":"391"}'] },
  ];
  return { says: [], calls, holdBefore: { piece: Number.POSITIVE_INFINITY, until } };
}

/** Puts the model, the tool and the deaths into the Worker, until mocks are restored. */
export function stageTurns(): void {
  turns.clear();
  scriptedModel(spoken);
  vi.spyOn(console, "error").mockImplementation(() => {}); // everybody who dies complains of it
  const agents = Agent.prototype as unknown as { abilities(env: unknown): Layer.Layer<Abilities> };
  const { abilities } = agents;
  vi.spyOn(agents, "abilities").mockImplementation(function (this: unknown, env) {
    return Layer.merge(abilities.call(this, env), Layer.succeed(Toolbox, makeToolbox([...shelf, stamp])));
  });
  const { commit } = Ledger.prototype;
  vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (this: Ledger<never, never, never, never>, command) {
    const turn = turns.get(this.stream);
    const { type, meta }: CommandOf = command;
    const isStep = type === "PostMessage" || type === "ReceiveMessage" || meta.id.startsWith("trn_");
    const pass = (when: string) => {
      if (isStep) turn?.moment(`${when} ${type}`, meta.id);
      // What is dead commits nothing more, until all objects are gone.
      if (turn?.isDead === true) throw new Error("the object dies here");
    };
    pass("before");
    const reply: { readonly outcome: string } = commit.call(this, command);
    if (isStep && reply.outcome === "accepted") {
      turn?.commands.add(meta.id);
      if (type === "RecordPost" && turn !== undefined) turn.hasEnded = true;
      pass("after");
    }
    return reply as never;
  });
}

/** Plays turns side by side that die these deaths: in each of their lives all objects of the Worker end together. */
export async function lived(deaths: ReadonlyArray<ReadonlyArray<number>>): Promise<ReadonlyArray<Turn>> {
  const all = await Promise.all(deaths.map((own) => Turn.staged(own)));
  const lives = Math.max(...deaths.map((own) => own.length)) + 1;
  for (let life = 1; life <= lives; life++) {
    await Promise.all(all.map((turn) => turn.live()));
    if (life < lives) await abortAllDurableObjects();
  }
  return all;
}
