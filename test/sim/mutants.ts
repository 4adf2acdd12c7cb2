/**
 * Planted bugs: each is a way in which the house could be wrong, put in at run time only; sim.spec.ts and scripts/sim.ts
 * show that all are found. A missing fence of attempts [T5] is not among them: an instance runs one fiber for a turn and
 * a superseded one cannot write, so that no history in here comes near it. test/turn/crash.spec.ts holds that promise.
 */
import { Result } from "effect";
import { AgentActor } from "#actors/agent/agent.ts";
import { FilteredStream } from "#actors/agent/turn/filter.ts";
import { Turns } from "#actors/agent/turns.ts";
import type { FullHouse, Heard, PostInput, Principal } from "#actors/kit/doors.ts";
import { type Consumer, Feeds } from "#actors/kit/feeds.ts";
import type { LentKey } from "#actors/kit/key-doors.ts";
import { Ledger } from "#actors/kit/ledger.ts";
import { Timers } from "#actors/kit/timers.ts";
import { RoomChannel } from "#actors/room/channel.ts";
import { RoomActor } from "#actors/room/room.ts";
import { VaultActor } from "#actors/vault/vault.ts";
import { agent } from "#events/agent/decide.ts";
import { type AgentEvent, TurnFailed } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/views.ts";
import { type ActorName, childId, type RoomId } from "#events/kit/ids.ts";
import { brakes } from "#events/room/rhythm.ts";
import type { Bent } from "./instance.ts";

/** A planted bug; `pull` takes it out again. */
export interface Planted {
  readonly bent: Bent;
  readonly pull: () => void;
}

export interface Mutant {
  /** What the program does wrong, as a sentence. */
  readonly name: string;
  readonly plant: () => Planted;
}

// biome-ignore lint/suspicious/noExplicitAny: a mutant stands in for methods of any shape
type Method = (this: any, ...values: any[]) => any;

/** Puts another method in the place of one. */
function instead(target: object, key: string, make: (original: Method) => Method): Planted {
  const holder = target as Record<string, Method>;
  const original = holder[key]!;
  const inherited = !Object.hasOwn(holder, key);
  holder[key] = make(original);
  return {
    bent: {},
    pull: () => {
      if (inherited) Reflect.deleteProperty(holder, key);
      else holder[key] = original;
    },
  };
}

/** Changes what the program holds to be constant. */
function altered<A extends object>(constants: A, others: { readonly [K in keyof A]: unknown }): Planted {
  const former = { ...constants };
  Object.assign(constants, others);
  return { bent: {}, pull: () => void Object.assign(constants, former) };
}

/** The agent decides otherwise about each event. */
const deciding = (otherwise: (event: AgentEvent, state: AgentState) => ReadonlyArray<AgentEvent>): Planted =>
  instead(
    agent,
    "decide",
    (original) => (command, state: AgentState) =>
      Result.map(original(command, state) as ReturnType<typeof agent.decide>, (events) =>
        events.flatMap((event) => otherwise(event, state)),
      ),
  );

const bending = (bent: Bent): Planted => ({ bent, pull: () => {} });

let counted = 0;

const asIdempotent = (call: { readonly replay: string }) =>
  call.replay === "once" ? { ...call, replay: "idempotent" } : call;

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a post is acknowledged before it is committed",
    plant: () =>
      instead(
        RoomActor.prototype,
        "post",
        (original) =>
          async function (by: Principal, id: string, input: PostInput) {
            const { ledger, ctx } = this as { ledger: { head: number }; ctx: DurableObjectState };
            const messageId = childId("message", String(ctx.id.name), id);
            setTimeout(() => void original.call(this, by, id, input).catch(() => {}), 200);
            const seq = ledger.head + 1;
            return { outcome: "accepted", value: { id: messageId, seq }, seq, replayed: false };
          },
      ),
  },
  {
    name: "answers leave before what they tell of is safe",
    plant: () => bending({ gateless: true }),
  },
  {
    name: "a transaction that was rolled back counts as done",
    plant: () => bending({ rollbackHidden: true }),
  },
  {
    name: "a reply is posted under a new id at every try",
    plant: () =>
      instead(
        RoomActor.prototype,
        "postReply",
        (original) =>
          function (id: string, ...rest: unknown[]) {
            return original.call(this, `${id}/${counted++}`, ...rest);
          },
      ),
  },
  {
    name: "the ledger does not look whether it knows a command",
    plant: () =>
      instead(
        Ledger.prototype,
        "commit",
        (original) =>
          function (command: { meta: { id: string } }) {
            const meta = { ...command.meta, id: `${command.meta.id}/${counted++}` };
            return original.call(this, { ...command, meta });
          },
      ),
  },
  {
    name: "a tool that must not run twice runs again after a crash",
    plant: () =>
      instead(agent, "decide", (original) => (command, state) => {
        if (command.type !== "RequestTools") return original(command, state);
        return original({ ...command, calls: command.calls.map(asIdempotent) }, state);
      }),
  },
  {
    name: "the gate lets every tool pass",
    plant: () =>
      instead(agent, "decide", (original) => (command, state) => {
        if (command.type !== "RequestTools") return original(command, state);
        return original(command, { ...state, tools: new Proxy({}, everyTool) });
      }),
  },
  {
    name: "nobody counts how often agents answer one another",
    plant: () => altered(brakes, { hops: 99, agentMessages: 99 }),
  },
  {
    name: "a turn that is resumed has lost its draft",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        const state = original(before, event);
        const turn = event.type === "TurnResumed" ? state.turns[event.open.turnId] : undefined;
        if (turn === undefined) return state;
        return { ...state, turns: { ...state.turns, [turn.turnId]: { ...turn, draft: null, considered: false } } };
      }),
  },
  {
    name: "the model gave up and nothing is said",
    plant: () =>
      deciding((event, { turns }) => {
        const turn = event.type === "ModelGaveUp" ? turns[event.open.turnId] : undefined;
        if (event.type !== "ModelGaveUp" || turn === undefined) return [event];
        const { turnId, roomId } = turn;
        return [event, TurnFailed({ turnId, roomId, reason: event.open.reason, ms: 0 })];
      }),
  },
  {
    name: "a stop is ignored while a turn runs",
    plant: () => deciding((event) => (event.type === "TurnInterrupted" ? [] : [event])),
  },
  {
    name: "a turn that was stopped goes on to speak",
    plant: () =>
      instead(
        Turns.prototype,
        "committed",
        (original) =>
          function (events: ReadonlyArray<{ readonly type: string }>) {
            return original.call(
              this,
              events.filter(({ type }) => type !== "TurnInterrupted"),
            );
          },
      ),
  },
  {
    name: "a reserve is not counted",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        if (event.type !== "ModelAsked") return original(before, event);
        return original(before, { ...event, open: { ...event.open, tokens: 0, microUsd: 0 } });
      }),
  },
  {
    name: "a ceiling in money holds nobody back",
    plant: () =>
      instead(agent, "decide", (original) => (command, state: AgentState) => {
        const budget = Object.fromEntries(
          Object.entries(state.budget).map(([scope, { microUsd: _money, ...tokens }]) => [scope, tokens]),
        );
        return original(command, { ...state, budget });
      }),
  },
  {
    name: "a price that nobody knows passes for nothing",
    plant: () =>
      instead(agent, "decide", (original) => (command, state) => {
        const { microUsd } = command;
        if (command.type !== "AskModel" || microUsd !== null) return original(command, state);
        const answer = original({ ...command, microUsd: 0 }, state) as ReturnType<typeof agent.decide>;
        return Result.map(answer, (events) => events.map((one) => ({ ...one, open: { ...one.open, microUsd } })));
      }),
  },
  {
    name: "what nobody waits for passes every ceiling",
    plant: () =>
      instead(agent, "decide", (original) => (command, state: AgentState) => {
        const dayOver = { ...state, day: { ...state.day, number: 0 } };
        return original(command, command.type === "AskBehind" ? dayOver : state);
      }),
  },
  {
    name: "what is asked when nobody waits is not reserved",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        if (event.type !== "ModelAskedBehind") return original(before, event);
        return original(before, { ...event, open: { ...event.open, tokens: 0, microUsd: 0 } });
      }),
  },
  {
    name: "what was answered when nobody waited keeps its reserve",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        if (event.type !== "ModelRepliedBehind") return original(before, event);
        const { tokensIn: _in, tokensOut: _out, ...open } = event.open;
        return original(before, { ...event, open });
      }),
  },
  {
    name: "a turn forgets which messages it has taken together",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        const { into: _into, ...open } = event.open;
        return original(before, event.type === "TurnDeclined" ? { ...event, open } : event);
      }),
  },
  {
    name: "what was taken together is answered by itself as well",
    plant: () =>
      instead(agent, "evolve", (original) => (before, event) => {
        const isTaken = event.type === "TurnDeclined" && event.open.why === "coalesced";
        return isTaken
          ? { ...original(before, event), turns: before.turns, rooms: before.rooms }
          : original(before, event);
      }),
  },
  {
    name: "what is withheld is shown",
    plant: () => {
      const held = Object.getOwnPropertyDescriptor(FilteredStream.prototype, "withheld")!;
      Object.defineProperty(FilteredStream.prototype, "withheld", { ...held, get: () => [] });
      const { bent, pull } = instead(FilteredStream.prototype, "push", () => (delta: string) => delta);
      return {
        bent,
        pull: () => {
          pull();
          Object.defineProperty(FilteredStream.prototype, "withheld", held);
        },
      };
    },
  },
  {
    name: "a heartbeat resumes nothing",
    plant: () => instead(AgentActor.prototype, "onHeartbeat", () => () => {}),
  },
  {
    name: "an alarm that has rung is believed to be set",
    plant: () => instead(Timers.prototype, "rang", () => () => {}),
  },
  {
    name: "a bookmark moves before its delivery",
    plant: () =>
      instead(
        Feeds.prototype,
        "add",
        (original) =>
          function (consumer: Consumer, after?: number) {
            const deliver: Consumer["deliver"] = async (events, range) => {
              consumer.deliver(events, range).catch(() => {});
              return range.to;
            };
            return original.call(this, { ...consumer, deliver }, after);
          },
      ),
  },
  {
    name: "what is delivered twice is heard twice",
    plant: () => {
      const known = new WeakMap<object, Set<string>>();
      return instead(
        AgentActor.prototype,
        "hear",
        (original) =>
          function (room: RoomId, house: FullHouse, heard: Heard[]) {
            const before = known.get(this) ?? new Set();
            known.set(this, before);
            const told = heard.map((item) => {
              if (item.kind !== "message" || !before.has(item.messageId)) return item;
              return { ...item, messageId: childId("message", item.messageId, String(counted++)) };
            });
            for (const item of heard) if (item.kind === "message") before.add(item.messageId);
            return original.call(this, room, house, told);
          },
      );
    },
  },
  {
    name: "what was said is heard in the wrong order",
    plant: () =>
      instead(
        AgentActor.prototype,
        "hear",
        (original) =>
          function (room: RoomId, house: FullHouse, heard: Heard[]) {
            return original.call(this, room, house, heard.toReversed());
          },
      ),
  },
  {
    name: "the Vault lends another key each time",
    plant: () =>
      instead(
        VaultActor.prototype,
        "lend",
        (original) =>
          async function (stream: string, subjects: ActorName[]) {
            const lent = (await original.call(this, stream, subjects)) as ReadonlyArray<LentKey>;
            return lent.map((key) => ({ ...key, key: crypto.getRandomValues(new Uint8Array(32)) }));
          },
      ),
  },
  {
    name: "a client that comes back is caught up from one event too late",
    plant: () =>
      instead(
        RoomActor.prototype,
        "webSocketMessage",
        (original) =>
          function (socket: unknown, text: string) {
            return original.call(
              this,
              socket,
              text.replace(/"after_seq":(\d+)/, (_all, seq) => `"after_seq":${Number(seq) + 1}`),
            );
          },
      ),
  },
  {
    name: "who comes back in mid-reply is told its end without its beginning",
    plant: () =>
      instead(
        RoomChannel.prototype,
        "received",
        (original) =>
          async function (connection: { send: (text: string) => void }, frame: unknown) {
            const { send } = connection;
            if (!String(frame).includes('"after_seq"')) return original.call(this, connection, frame);
            connection.send = (text) =>
              send.call(connection, text.replace(/("phase":"end".*"text":")[^"\\\\]{5}/, "$1"));
            await original.call(this, connection, frame);
            connection.send = send;
          },
      ),
  },
  {
    name: "a batch for the read models is taken wherever their cursor stands",
    plant: () => bending({ rewrite: (query) => query.replace(/CASE WHEN seq = \?3 THEN \?4 END/, "?4") }),
  },
];

const everyTool: ProxyHandler<Record<string, string>> = {
  get: () => "allow",
  getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: "allow" }),
};
