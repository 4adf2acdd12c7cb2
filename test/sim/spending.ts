/** What must be so of spending: no request is made that a ceiling does not allow, in tokens or in money, and every request is settled as its usage says; reckoned from the log alone; used by invariants.ts and reckoning.ts. */
import { isDeepStrictEqual } from "node:util";
import type { ModelName } from "#events/agent/asking.ts";
import { type Budget, type Day, dayOf, type Scope, type Spent, standard } from "#events/agent/budget.ts";
import type { Happened, Tell } from "./chronicle.ts";
import { costOf, isPriceOf } from "./prices.ts";

interface Amount {
  readonly tokens: number;
  readonly microUsd: number | null;
}

/** For whom something is spent; without a turn where nobody waits. */
interface Whose {
  readonly turnId?: string;
  readonly roomId: string;
  /** Who bears it, in equal shares: the author of the message, or those who share a request. */
  readonly payers: ReadonlyArray<string>;
}

/** A request that is under way. */
interface Request extends Amount {
  readonly whose: Whose;
  /** The day on which it is counted. */
  readonly day: number;
  readonly asked: ModelName;
  /** Its name, where nobody waits for it. */
  readonly request: string | undefined;
}

interface Fields extends Amount, ModelName {
  readonly turnId: string;
  readonly roomId: string;
  readonly authorId: string;
  readonly request?: string;
  readonly purpose?: string;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
  readonly budget?: Budget;
  readonly payers?: ReadonlyArray<string>;
}

const nothing: Spent = { tokens: 0, microUsd: 0, unpriced: 0 };

/** Where an amount of a day counts, and among how many it is shared there. */
const placesOf = ({ turnId, roomId, payers }: Whose, day: number): ReadonlyArray<[Scope, string, number]> => [
  ...(turnId === undefined ? [] : ([["turn", turnId, 1]] satisfies [[Scope, string, number]])),
  ["agent", `${day}`, 1],
  ["room", `${day} ${roomId}`, 1],
  ...payers.map((payer): [Scope, string, number] => ["asker", `${day} ${payer}`, payers.length]),
];

/** One agent's spending, by its log: sums by the turn, and by the day for the agent, its rooms and those who ask. */
class Purse {
  budget: Budget = {};
  /** Whom each turn is for. */
  readonly turns = new Map<string, Whose>();
  /** By turn, or by purpose and room. */
  readonly underWay = new Map<string, Request>();
  /** Requests that nobody waited for, and that were answered. */
  readonly answered = new Set<string>();
  readonly #sums = new Map<string, Spent>();
  /** The newest day on which anything was spent. */
  day = 0;

  /** The day at this moment. Clocks differ, and yet a day that is over does not come back. */
  dayAt(at: number): number {
    this.day = Math.max(this.day, dayOf(at));
    return this.day;
  }

  of(scope: Scope, place: string): Spent {
    return this.#sums.get(`${scope} ${place}`) ?? nothing;
  }

  /** Adds an amount of a day wherever it counts, or takes it back. */
  add(whose: Whose, day: number, { tokens, microUsd }: Amount, sign: 1 | -1 = 1): void {
    for (const [scope, place, among] of placesOf(whose, day)) {
      const so = this.of(scope, place);
      const share = Math.ceil(tokens / among);
      this.#sums.set(`${scope} ${place}`, {
        tokens: so.tokens + sign * share,
        microUsd: so.microUsd + sign * Math.ceil((microUsd ?? 0) / among),
        unpriced: so.unpriced + sign * (microUsd === null ? share : 0),
      });
    }
  }
}

export class Spending {
  readonly #tell: Tell;
  readonly #purses = new Map<string, Purse>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** An event of an agent has become safe. */
  see(event: Happened): void {
    const { stream, type } = event;
    const purse = this.#purses.get(stream) ?? new Purse();
    this.#purses.set(stream, purse);
    const open = event.open as unknown as Fields;
    const { turnId, roomId, purpose, request } = open;
    if (type === "AgentCreated" || type === "AgentReconfigured") purse.budget = open.budget ?? {};
    if (type === "MessageReceived") purse.turns.set(turnId, { turnId, roomId, payers: [open.authorId] });
    if (type === "RoomSummarized" || type === "MemoriesDrawn") this.#madeOf(event, purse, open);
    const whose = purse.turns.get(turnId);
    if (type === "ModelAsked" && whose !== undefined)
      this.#asked(event, purse, turnId, { ...whose, payers: open.payers ?? whose.payers });
    if (type === "ModelReplied") this.#replied(event, purse, turnId);
    if (type === "ModelFailed") purse.underWay.delete(turnId);
    const matter = `${purpose} ${roomId}`;
    // What nobody asked for, the agent spends for itself; a request without an outcome belongs to a process that died.
    if (type === "ModelAskedBehind") this.#asked(event, purse, matter, { roomId, payers: [stream] });
    if (type !== "ModelRepliedBehind" && type !== "ModelFailedBehind") return;
    if (purse.underWay.get(matter)?.request !== request)
      this.#tell("intent", `${stream} ${event.seq}: ${type} of ${request}, which is not under way`);
    if (type === "ModelRepliedBehind") this.#replied(event, purse, matter);
    purse.underWay.delete(matter);
  }

  /** What was made of an answer names the request, with whose usage it was counted. */
  #madeOf({ stream, seq, type }: Happened, { answered }: Purse, { request, tokensIn }: Fields): void {
    const isPaid = request === undefined ? tokensIn === undefined : answered.has(request);
    if (!isPaid) this.#tell("budget", `${stream} ${seq}: ${type} comes of a request that nobody has paid for`);
  }

  #asked({ stream, seq, at, open }: Happened, purse: Purse, key: string, whose: Whose): void {
    const { provider, model, tokens, microUsd, request } = open as unknown as Fields;
    const day = purse.dayAt(at);
    const asked = { provider, model };
    if (!isPriceOf(asked, tokens, microUsd))
      this.#tell("budget", `${stream} ${seq}: ${tokens} tokens of ${provider}/${model} cannot cost ${microUsd}`);
    purse.underWay.set(key, { ...{ whose, day, asked, tokens, microUsd }, request });
    purse.add(whose, day, { tokens, microUsd });
    const ceilings = { ...standard, ...purse.budget };
    for (const [scope, place] of placesOf(whose, day)) {
      const so = purse.of(scope, place);
      const { tokens: tokensAtMost = Number.POSITIVE_INFINITY, microUsd: moneyAtMost } = ceilings[scope] ?? {};
      const where = `${stream} ${seq}: with this request the ${scope} is at`;
      if (so.tokens > tokensAtMost) this.#tell("budget", `${where} ${so.tokens} of ${tokensAtMost} tokens`);
      if (moneyAtMost === undefined) continue;
      if (so.microUsd > moneyAtMost) this.#tell("budget", `${where} ${so.microUsd} of ${moneyAtMost} millionths`);
      if (microUsd === null) this.#tell("budget", `${where} nobody knows how much of ${moneyAtMost} millionths`);
    }
  }

  /**
   * What was really used takes the place of the reserve: that it was more is the provider's word, and no request. Where
   * nobody knows what was used, the reserve is kept for ever.
   */
  #replied({ stream, seq, at, open }: Happened, purse: Purse, key: string): void {
    const reserve = purse.underWay.get(key);
    purse.underWay.delete(key);
    if (reserve === undefined) return;
    const { provider, model, tokensIn, tokensOut, microUsd } = open as unknown as Fields;
    if (reserve.request !== undefined) purse.answered.add(reserve.request);
    if (tokensIn === undefined || tokensOut === undefined) return;
    const cost = costOf({ provider, model }, tokensIn, tokensOut) ?? costOf(reserve.asked, tokensIn, tokensOut);
    if (microUsd !== cost)
      this.#tell("budget", `${stream} ${seq}: ${tokensIn} and ${tokensOut} tokens cost ${cost} and not ${microUsd}`);
    purse.add(reserve.whose, reserve.day, reserve, -1);
    purse.add(reserve.whose, purse.dayAt(at), { tokens: tokensIn + tokensOut, microUsd: cost ?? reserve.microUsd });
  }

  /** What an agent believes to have spent on its newest day is what its log adds up to. */
  checkDay(stream: string, { number, agent, rooms, askers }: Day): void {
    const purse = this.#purses.get(stream);
    if (purse === undefined) return;
    const sums = (scope: Scope, names: Readonly<Record<string, Spent>>) =>
      Object.fromEntries(Object.keys(names).map((name) => [name, purse.of(scope, `${number} ${name}`)]));
    const believed = { agent, rooms: { ...rooms }, askers: { ...askers } };
    const added = {
      agent: purse.of("agent", `${number}`),
      ...{ rooms: sums("room", rooms), askers: sums("asker", askers) },
    };
    if (number < purse.day || !isDeepStrictEqual(believed, added))
      this.#tell("budget", `${stream} believes ${JSON.stringify(believed)} spent, and it is ${JSON.stringify(added)}`);
  }
}
