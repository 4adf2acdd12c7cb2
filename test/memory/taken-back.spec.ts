/** Whatever happens in whatever order: once consent is taken back, no memory that is left holds a word of it, however often it was said again. */
import { expect, it } from "vitest";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type MemoryId, type UserId, userName } from "#events/kit/ids.ts";
import { accepted, doorOf, notes, owner, retells } from "../support/answering.ts";
import { chance } from "../support/drawn.ts";
import { dana, eli, lobby } from "../support/given.ts";
import { Remembering } from "../support/remembering.ts";

const WORD = /zq\d+/g;
const wordsIn = (text: string): ReadonlyArray<string> => text.match(WORD) ?? [];

/** A history of one agent, drawn from a seed, in which every word is said first by somebody. */
class History {
  readonly agent = new Remembering();
  readonly #random: () => number;
  readonly #elis = new Set<string>();
  #count = 0;
  /** How many answers said something of Eli's again, and were kept. */
  told = 0;

  constructor(seed: number) {
    this.#random = chance(seed);
    this.agent.memory.attendance.told(lobby, [
      { userId: dana, name: "Dana", isHere: true },
      { userId: eli, name: "Eli", isHere: true },
    ]);
  }

  consents(granted: boolean): void {
    if (granted === (this.agent.ledger.state.consents[eli] === "granted")) return;
    accepted(this.agent.tell({ type: "NoteConsent", userId: eli, granted }));
  }

  #pick<A>(some: ReadonlyArray<A>): A | undefined {
    return some[Math.floor(this.#random() * some.length)];
  }

  /** A word that nobody has said before. */
  #word(by: UserId): string {
    this.#count += 1;
    const word = `zq${this.#count}`;
    if (by === eli) this.#elis.add(word);
    return word;
  }

  #textOf(seq: number): string {
    const [found] = this.agent.ledger.reveal([seq]) as ReadonlyArray<Unsealed>;
    return found === undefined || found.words === Erased ? "" : String(found.words.content ?? found.words.text);
  }

  #live(): ReadonlyArray<MemoryId> {
    return this.agent.readable() as ReadonlyArray<MemoryId>;
  }

  #seqs(ids: ReadonlyArray<MemoryId | undefined>): ReadonlyArray<number> {
    return ids.flatMap((id) => (id === undefined ? [] : (this.agent.row(id)?.seq ?? [])));
  }

  /** Something is said, told to the agent, drawn from what it knows, or noted. */
  #learn(): void {
    const by = this.#random() < 0.5 ? eli : dana;
    const source = this.#pick(this.#live());
    const how = this.#random();
    if (how < 0.4) this.agent.says(`It is ${this.#word(by)}.`, { by });
    else if (how < 0.6) this.agent.add(`It is ${this.#word(by)}.`, { about: [by], speaker: userName(by) });
    else if (how < 0.8 && source !== undefined)
      this.agent.add(this.#textOf(this.agent.row(source)!.seq), { basis: "drawn", sources: [source] });
    else
      accepted(
        notes(
          this.agent,
          this.#messages()
            .map((seq) => this.#textOf(seq))
            .join(" "),
          [dana, eli],
        ),
      );
  }

  /** The messages and answers that a prompt would show. */
  #messages(): ReadonlyArray<number> {
    return this.agent.ledger.state.rooms[lobby]!.recent.filter((seq) => this.#textOf(seq) !== "");
  }

  async #lose(): Promise<void> {
    const label = `lost ${this.#count++}`;
    const id = this.#pick(this.#live());
    const how = this.#random();
    if (id === undefined || how < 0.2) this.consents(false);
    else if (how < 0.5) accepted(await doorOf(this.agent).forget(owner, label, id));
    else if (how < 0.7)
      accepted(await doorOf(this.agent).change(owner, label, id, { content: `It is ${this.#word(dana)}.` }));
    else await this.agent.sweptAfter(40);
  }

  /** An answer is written with some of it in mind and some of it shown, while some of that may go. */
  async answer(): Promise<void> {
    const { agent } = this;
    this.consents(true);
    for (let more = 0; more < 3; more++) this.#learn();
    const given = this.#seqs([this.#pick(this.#live()), this.#pick(this.#live())]);
    const summary = agent.memory.notes(lobby);
    const shown = [...this.#messages(), ...(summary === null ? [] : [summary.seq])];
    const seen = [...given, ...shown].flatMap((seq) => wordsIn(this.#textOf(seq)));
    const text = `It is ${this.#pick(seen) ?? "late"}, or ${this.#pick(seen) ?? "early"}.`;
    const goes = this.#random() < 0.2 ? () => this.consents(false) : undefined;
    const id = await retells(agent, `answer ${this.#count++}`, text, { given, shown }, goes);
    if (id !== undefined && wordsIn(text).some((word) => this.#elis.has(word))) this.told += 1;
    while (this.#random() < 0.3) await this.#lose();
  }

  /** The words of Eli's that are left in some memory, or in the notes. */
  left(): ReadonlyArray<string> {
    this.consents(false);
    const summary = this.agent.ledger.state.rooms[lobby]!.summary;
    const kept = this.agent.memory.register.where("1", [], 1_000).map(({ seq }) => seq);
    const texts = [...kept, ...(summary === null ? [] : [summary.seq])].map((seq) => this.#textOf(seq));
    return texts.flatMap((text) => wordsIn(text).filter((word) => this.#elis.has(word)));
  }
}

it("in each of forty histories nothing is left of what was taken back, however often it was said again", async () => {
  const left: string[] = [];
  let told = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const history = new History(seed);
    for (let turn = 0; turn < 8; turn++) {
      await history.answer();
      if (turn % 3 === 2) left.push(...history.left().map((word) => `seed ${seed}, turn ${turn}: ${word}`));
    }
    left.push(...history.left().map((word) => `seed ${seed}: ${word}`));
    told += history.told;
  }
  expect(left).toEqual([]);
  expect(told).toBeGreaterThan(60);
}, 60_000);
