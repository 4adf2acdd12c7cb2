/** Whatever happens in whatever order: once consent is taken back, no memory that is left comes of words that are gone. */
import { Effect } from "effect";
import { expect, it } from "vitest";
import { type MemoryId, userName } from "#events/kit/ids.ts";
import { accepted, doorOf, drafts, owner } from "../support/answering.ts";
import { chance } from "../support/drawn.ts";
import { dana, eli, lobby, memoryId } from "../support/given.ts";
import { Remembering } from "../support/remembering.ts";

/** A history of one agent, drawn from a seed. */
class History {
  readonly agent = new Remembering();
  readonly #random: () => number;
  #count = 0;

  constructor(seed: number) {
    this.#random = chance(seed);
    this.#consent(true);
  }

  #consent(granted: boolean): void {
    if (granted === (this.agent.ledger.state.consents[eli] === "granted")) return;
    accepted(this.agent.tell({ type: "NoteConsent", userId: eli, granted }));
  }

  #pick<A>(some: ReadonlyArray<A>): A | undefined {
    return some[Math.floor(this.#random() * some.length)];
  }

  #live(): ReadonlyArray<MemoryId> {
    return this.agent.readable() as ReadonlyArray<MemoryId>;
  }

  /** Something is told to the agent, or drawn from what it knows. */
  #learn(): void {
    const source = this.#random() < 0.4 ? this.#pick(this.#live()) : undefined;
    const of = this.#random() < 0.5 ? eli : dana;
    if (source === undefined) this.agent.add("It is in May.", { about: [of], speaker: userName(of) });
    else this.agent.add("It is in spring.", { basis: "drawn", sources: [source] });
  }

  async #lose(): Promise<void> {
    const label = `lost ${this.#count++}`;
    const id = this.#pick(this.#live());
    const how = this.#random();
    if (id === undefined || how < 0.3) this.#consent(false);
    else if (how < 0.5) accepted(await doorOf(this.agent).forget(owner, label, id));
    else accepted(await doorOf(this.agent).change(owner, label, id, { content: `It is in June ${label}.` }));
  }

  /** An answer is written with some of it in mind, while some of that may go. */
  async answer(): Promise<void> {
    const { agent } = this;
    this.#consent(true);
    for (let more = 0; more < 3; more++) this.#learn();
    const given = [this.#pick(this.#live()), this.#pick(this.#live())].flatMap((id) => agent.row(id!)?.seq ?? []);
    const label = `answer ${this.#count++}`;
    const { turnId, ...post } = drafts(agent, label, given);
    while (this.#random() < 0.4) await this.#lose();
    const turn = agent.ledger.state.turns[turnId]!;
    const said = { text: "It is then.", roomId: lobby, answers: "When is it?", given: turn.given };
    const kept = await Effect.runPromise(agent.memory.former().episode(userName(dana), said));
    const episode = kept && { episode: { ...kept, memoryId: memoryId(label) } };
    accepted(agent.tell({ type: "RecordPost", turnId, ...post, roomSeq: 90, ...episode }, `${turnId}/post`));
    while (this.#random() < 0.4) await this.#lose();
  }

  /** Of the memories that are left, those that come of what was Eli's, however far. */
  left(): ReadonlyArray<string> {
    this.#consent(false);
    const { agent } = this;
    const told = new Set<string | number>();
    const events = [...agent.of("MemoryFormed"), ...agent.of("MemoryRevised")].toSorted(
      (one, other) => one.seq - other.seq,
    );
    for (const { seq, type, open } of events) {
      const comesOf = type === "MemoryFormed" ? [...open.sourceSeqs, ...(open.sources ?? [])] : [];
      const isTold = open.about.includes(eli) || comesOf.some((source) => told.has(source));
      // An owner's new words are the owner's.
      if (!isTold) told.delete(open.memoryId);
      else for (const one of [open.memoryId, open.basis === "said" ? comesOf[0]! : seq]) told.add(one);
    }
    return this.#live().filter((id) => told.has(id));
  }

  get answers(): number {
    return this.#live().filter((id) => this.agent.row(id)!.origin === "agent").length;
  }
}

it("answers and facts that came of what was taken back are gone with it, in each of forty histories", async () => {
  const left: string[] = [];
  let answers = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const history = new History(seed);
    for (let turn = 0; turn < 6; turn++) {
      await history.answer();
      answers += history.answers;
      left.push(...history.left().map((id) => `seed ${seed}, turn ${turn}: ${id}`));
    }
  }
  expect(left).toEqual([]);
  expect(answers).toBeGreaterThan(100);
});
