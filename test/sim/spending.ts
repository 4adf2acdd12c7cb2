/** What must be so of spending after every step: no request is made that a ceiling of tokens does not allow, reckoned from the log alone; used by invariants.ts. */
import { type Budget, dayOf, type Scope, standard } from "#events/agent/budget.ts";
import type { Happened, Tell } from "./chronicle.ts";

interface Work {
  readonly turnId: string;
  readonly roomId: string;
  /** Who bears what is asked for: the author of the message, or those among whom a request was shared. */
  payers: ReadonlyArray<string>;
  /** The reserve of the request that is under way, and the day it is of. */
  reserved: { readonly tokens: number; readonly day: number } | undefined;
}

/** One agent's spending, by its log: sums by the turn, and by the day for the agent, its rooms and those who ask. */
class Purse {
  budget: Budget = {};
  readonly works = new Map<string, Work>();
  readonly #sums = new Map<string, number>();

  /** Adds tokens of a day wherever they count; answers the sums, each with the ceiling it is held to. */
  add(work: Pick<Work, "turnId" | "roomId" | "payers">, day: number, tokens: number): ReadonlyArray<[Scope, number]> {
    const { turnId, roomId, payers } = work;
    const share = Math.sign(tokens) * Math.ceil(Math.abs(tokens) / payers.length);
    const places: ReadonlyArray<[Scope, string, number]> = [
      ["turn", turnId, tokens],
      ["agent", `${day}`, tokens],
      ["room", `${day} ${roomId}`, tokens],
      ...payers.map((payer): [Scope, string, number] => ["asker", `${day} ${payer}`, share]),
    ];
    return places.map(([scope, place, part]) => {
      const sum = (this.#sums.get(`${scope} ${place}`) ?? 0) + part;
      this.#sums.set(`${scope} ${place}`, sum);
      return [scope, sum];
    });
  }
}

interface Fields {
  readonly turnId: string;
  readonly roomId: string;
  readonly authorId: string;
  readonly tokens: number;
  readonly payers?: ReadonlyArray<string>;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
  readonly budget?: Budget;
}

export class Spending {
  readonly #tell: Tell;
  readonly #purses = new Map<string, Purse>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** An event of an agent has become safe. */
  see(event: Happened): void {
    const { stream, type, at } = event;
    const purse = this.#purses.get(stream) ?? new Purse();
    this.#purses.set(stream, purse);
    const open = event.open as unknown as Fields;
    const { turnId, roomId, tokensIn, tokensOut } = open;
    if (type === "AgentCreated" || type === "AgentReconfigured") purse.budget = open.budget ?? {};
    if (type === "MessageReceived")
      purse.works.set(turnId, { turnId, roomId, payers: [open.authorId], reserved: undefined });
    if (type === "RoomSummarized" || type === "MemoriesDrawn")
      purse.add({ turnId: event.id, roomId, payers: [stream] }, dayOf(at), (tokensIn ?? 0) + (tokensOut ?? 0));
    const work = purse.works.get(turnId);
    if (work === undefined) return;
    if (type === "ModelAsked") work.payers = open.payers ?? work.payers;
    if (type === "ModelAsked") this.#asked(event, purse, work, open.tokens);
    if (type === "ModelReplied" && tokensIn !== undefined && tokensOut !== undefined && work.reserved !== undefined) {
      // What was really used takes the place of the reserve; that it was more is the provider's word, and no request.
      purse.add(work, work.reserved.day, -work.reserved.tokens);
      purse.add(work, dayOf(at), tokensIn + tokensOut);
    }
    // A reserve is kept for ever where nobody knows what was used.
    if (type === "ModelReplied" || type === "ModelFailed") work.reserved = undefined;
  }

  #asked({ stream, seq, at }: Happened, purse: Purse, work: Work, tokens: number): void {
    const day = dayOf(at);
    work.reserved = { tokens, day };
    const ceilings = { ...standard, ...purse.budget };
    for (const [scope, sum] of purse.add(work, day, tokens)) {
      const most = ceilings[scope]?.tokens;
      if (most !== undefined && sum > most)
        this.#tell("budget", `${stream} ${seq}: with this request the ${scope} is at ${sum} of ${most} tokens`);
    }
  }
}
