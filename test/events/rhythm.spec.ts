/** A thousand rooms full of agents that answer everything and call on everybody: they fall silent by themselves, and people are heard. */
import { describe, expect, it } from "@effect/vitest";
import { Result } from "effect";
import { type Silence, silence } from "#events/agent/attention.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, type MessageId, type TurnId, userName } from "#events/kit/ids.ts";
import type { Addressed } from "#events/room/addressing.ts";
import type { RoomCommand } from "#events/room/commands.ts";
import { room } from "#events/room/decide.ts";
import type { RoomEvent } from "#events/room/events.ts";
import { brakes, mayPass, type PassedBecause, RoomMode } from "#events/room/rhythm.ts";
import { type Asked, dana, lobby, START, words } from "../support/given.ts";

const RUNS = 1_000;
const LONGEST = 5_000;
const text = words({ text: "And you?", authorName: "Somebody" });

/** What an agent heard and has not answered. */
interface Heard {
  readonly messageId: MessageId;
  readonly authorId: ActorName;
  readonly addressed: Addressed | null;
  readonly hops: number;
}

interface Agent {
  readonly id: AgentId;
  readonly inbox: Heard[];
  waiting: Heard[];
  running: Heard | undefined;
}

type Posted = Extract<RecordedOf<RoomEvent>, { type: "MessagePosted" }>;

/** One room and its agents; whatever the seed says comes next, in any order, with notices lost and timers early. */
class World {
  readonly agents: ReadonlyArray<Agent>;
  readonly posted = new Map<string, Posted>();
  /** How many agent messages each word of a person has led to, by the word that stood when the agent was called on. */
  readonly led: number[] = [0];
  /** To how many agents each word of a person spoke itself. */
  readonly spokeTo: number[] = [0];
  /** What the room may count since a person gave agents words; whom a person tells to leave off may say so, and no more. */
  mostSinceHuman: number = brakes.agentMessages;
  readonly #calledBy = new Map<string, number>();
  readonly #below: (limit: number) => number;
  #state = room.initial;
  #seq = 0;
  #made = 0;

  constructor(below: (limit: number) => number) {
    this.#below = below;
    this.agents = Array.from({ length: 2 + below(9) }, (_, index) => ({
      ...{ id: `agent-${index}` as AgentId, inbox: [], waiting: [], running: undefined },
    }));
    this.tell({ type: "OpenRoom", roomId: lobby, name: "Lobby", kind: "private", ownerId: dana, words: text });
    for (const { id } of this.agents) this.tell({ type: "InviteAgent", agentId: id, agentName: id });
    this.chooseMode();
  }

  get rhythm() {
    return this.#state.rhythm;
  }

  /** Whether everybody has said what they had to say. */
  get calm(): boolean {
    return this.agents.every(({ inbox, waiting, running }) => inbox.length + waiting.length === 0 && !running);
  }

  tell(command: Asked<RoomCommand>, by: ActorName = userName(dana)): void {
    const meta = { id: `c${this.#seq}`, at: START + this.#seq, by, correlation: "c", causation: null };
    const answer = room.decide({ ...command, meta } as RoomCommand, this.#state);
    if (Result.isFailure(answer)) throw answer.failure;
    for (const pending of answer.success) {
      const event = { ...pending, seq: ++this.#seq, at: meta.at, actor: by } as unknown as RecordedOf<RoomEvent>;
      this.#state = room.evolve(this.#state, event);
      this.#follow(event);
    }
  }

  chooseMode(): void {
    this.tell({ type: "SetPolicy", mode: RoomMode.literals[this.#below(RoomMode.literals.length)]! });
  }

  /** Dana says something to nobody, to some, or that they should stop; or asks one to speak. */
  speak(): void {
    const some = this.agents.filter(() => this.#below(this.agents.length) < 2).slice(0, 3);
    const toAll = this.#below(2) === 0;
    if (this.#below(8) === 0) {
      const invoked = { messageId: this.#id(), agentId: this.agents[0]!.id, replyTo: null };
      this.#wordOfAPerson(1);
      this.mostSinceHuman = brakes.agentMessages;
      this.tell({ type: "InvokeAgent", ...invoked });
      return;
    }
    const addressed = toAll ? [] : some.map(({ id }) => ({ agentId: id, how: "mention" as const }));
    const callsOff = this.#below(10) === 0;
    this.#wordOfAPerson(addressed.length);
    this.mostSinceHuman = callsOff ? this.mostSinceHuman + addressed.length : brakes.agentMessages;
    const message = { messageId: this.#id(), chars: 9, replyTo: null, addressed, words: text };
    this.tell({ type: "PostMessage", ...message, named: addressed.length > 0, callsOff });
  }

  /** One thing happens, if anything can. */
  step(): void {
    const agent = this.agents[this.#below(this.agents.length)]!;
    if (this.#below(50) === 0) this.chooseMode();
    const { floor } = this.rhythm;
    if (floor?.holder && this.#below(20) === 0) this.#pass(floor.messageId, floor.holder, "late");
    if (agent.running && this.#below(2) === 0) this.#answer(agent, agent.running);
    const heard = agent.inbox.shift();
    if (heard !== undefined) this.#hear(agent, heard);
    if (agent.running === undefined) this.#start(agent);
  }

  #id(): MessageId {
    return `message-${++this.#made}` as MessageId;
  }

  #wordOfAPerson(spokeTo: number): void {
    this.led.push(0);
    this.spokeTo.push(spokeTo);
  }

  #follow(event: RecordedOf<RoomEvent>): void {
    const now = this.led.length - 1;
    const call = (agentId: AgentId, heard: Heard) => {
      this.agents.find(({ id }) => id === agentId)!.inbox.push(heard);
      if (heard.addressed !== null) this.#calledBy.set(`${agentId} ${heard.messageId}`, now);
    };
    if (event.type === "MessagePosted") {
      const { messageId, by, hops, addressed } = event.open;
      this.posted.set(messageId, event);
      for (const { id } of this.agents.filter((agent) => agentName(agent.id) !== by)) {
        const how = addressed.find(({ agentId }) => agentId === id)?.how ?? null;
        call(id, { messageId, authorId: by, addressed: how, hops });
      }
    }
    if (event.type === "FloorGranted" && event.open.place > 1) {
      const { messageId, agentId } = event.open;
      call(agentId, { messageId, authorId: userName(dana), addressed: "invoked", hops: 0 });
    }
    if (event.type === "AgentInvoked") {
      const { messageId, agentId, by } = event.open;
      call(agentId, { messageId, authorId: by, addressed: "invoked", hops: 0 });
    }
  }

  #hear(agent: Agent, heard: Heard): void {
    const ready = { active: true, present: true, talkativeness: 1, lastFloorAt: null };
    const why: Silence | undefined = silence({ ...heard, agentId: agent.id, at: START }, ready);
    if (why === undefined) agent.waiting.push(heard);
    else if (heard.addressed !== null) throw new Error(`an agent that answers everything was kept silent: ${why}`);
  }

  /** As agents do: what waits is taken together, and the newest of it is answered. */
  #start(agent: Agent): void {
    agent.running = agent.waiting.pop();
    const older = agent.waiting.splice(0);
    for (const { messageId } of older) if (this.#below(2) === 0) this.#pass(messageId, agent.id, "coalesced");
  }

  #answer(agent: Agent, { messageId: answers }: Heard): void {
    agent.running = undefined;
    const calledBy = this.#calledBy.get(`${agent.id} ${answers}`)!;
    this.led[calledBy]! += 1;
    const others = this.agents.filter(({ id }) => id !== agent.id && this.#below(4) > 0);
    this.tell(
      {
        type: "PostReply",
        ...{
          agentId: agent.id,
          messageId: this.#id(),
          turnId: "t" as TurnId,
          inReplyTo: answers,
          chars: 9,
          words: text,
        },
        ...{ notice: false, stopped: false, model: null, tokensIn: null, tokensOut: null, tells: [] },
        answeredHops: this.posted.get(answers)?.open.hops ?? 0,
        addressed: others.map(({ id }) => ({ agentId: id, how: "mention" })),
      },
      agentName(agent.id),
    );
  }

  #pass(messageId: MessageId, agentId: AgentId, why: PassedBecause): void {
    const passed = { messageId, agentId, why };
    if (mayPass(this.rhythm, passed)) this.tell({ type: "PassFloor", ...passed }, "system:room");
  }
}

/** Numbers below a limit, always the same for a seed. */
function chance(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Lives through a whole evening; people wait for silence before they speak, or do not. */
function evening(seed: number, patient: boolean): World {
  const below = chance(seed);
  const world = new World(below);
  let words = 1 + below(4);
  for (let steps = 0; steps < LONGEST; steps++) {
    if (words > 0 && (world.calm || (!patient && below(15) === 0))) {
      words -= 1;
      world.speak();
    }
    if (words === 0 && world.calm) return world;
    world.step();
    if (patient && world.rhythm.sinceHuman > world.mostSinceHuman) throw new Error("more than six without a person");
  }
  throw new Error("they never stopped");
}

describe.each([
  ["people who wait for silence", true],
  ["people who talk into it", false],
])("agents that answer everything, among %s", (_who, patient) => {
  const worlds = Array.from({ length: RUNS / 2 }, (_, index) => {
    try {
      return evening(index + 1, patient);
    } catch (error) {
      throw new Error(`seed ${index + 1}`, { cause: error });
    }
  });

  it("stop within their bounds in every run: six messages to one word of a person, four hops", () => {
    for (const [index, { led, spokeTo, posted }] of worlds.entries()) {
      const most = spokeTo.map((count) => Math.max(count, brakes.agentMessages));
      expect(
        led.filter((count, word) => count > most[word]!),
        `seed ${index + 1}: ${led}`,
      ).toEqual([]);
      expect(Math.max(...[...posted.values()].map(({ open }) => open.hops)), `seed ${index + 1}`).toBeLessThanOrEqual(
        brakes.hops,
      );
    }
  });

  it("answer whenever a person names them, whatever was said before", () => {
    for (const [index, { posted }] of worlds.entries()) {
      const messages = [...posted.values()];
      for (const { seq, open } of messages)
        for (const { agentId, how } of open.turn === null ? open.addressed : [])
          if (how === "mention")
            expect(
              messages.some((later) => later.seq > seq && later.open.by === agentName(agentId)),
              `seed ${index + 1}: ${agentId} after ${seq}`,
            ).toBe(true);
    }
  });

  it("are stopped by the brakes, not by having nothing to say", () => {
    const held = worlds.flatMap(({ posted }) => [...posted.values()].map(({ open }) => open.brake));
    expect(held.filter((brake) => brake === "agent-messages").length).toBeGreaterThan(RUNS / 10);
    expect(held.filter((brake) => brake === "hops").length).toBeGreaterThan(RUNS / 100);
  });
});
