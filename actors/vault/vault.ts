/** VaultActor: keeps one key per person and agent, wrapped under the key-encryption key; sixteen shards share the work. */

import type { RecordedOf } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { VaultCommand } from "#events/vault/commands.ts";
import { vault } from "#events/vault/decide.ts";
import type { VaultEvent } from "#events/vault/events.ts";
import { unknownSubject, type VaultState } from "#events/vault/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv } from "../kit/doors.ts";
import type { KeyOrder, LentKey, RotationProgress, Shredding, VaultDoor } from "../kit/key-doors.ts";
import { VAULTS } from "../kit/keys.ts";
import type { Timer } from "../kit/timers.ts";
import { borrowerAt, type Errand, runErrands } from "./borrowers.ts";
import { type KeyEncryptionKeys, KeyRows } from "./key-rows.ts";
import { Rotation, type VaultErrand } from "./rotation.ts";

export type { KeyEncryptionKeys } from "./key-rows.ts";

const ROTATION = "rotation";

type Recalled = Extract<RecordedOf<VaultEvent>, { readonly type: "KeyRecalled" }>;
type Started = Extract<RecordedOf<VaultEvent>, { readonly type: "RotationStarted" }>;
type Shredded = Extract<RecordedOf<VaultEvent>, { readonly type: "KeyShredded" }>;

export abstract class VaultActor<Env extends ActorEnv = ActorEnv>
  extends Actor<VaultState, VaultCommand, VaultEvent, never, Env>
  implements VaultDoor
{
  protected abstract keyEncryptionKeys(env: Env): KeyEncryptionKeys;

  readonly #rows: KeyRows;
  readonly #rotation: Rotation;
  #lookedForNewerKey = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, vault);
    this.#rows = new KeyRows(this.tables, () => this.keyEncryptionKeys(this.env));
    this.#rotation = new Rotation({
      ...{ env, rows: this.#rows, newest: () => this.keyEncryptionKeys(this.env).newest },
      state: () => this.ledger.state,
      commit: (command, id) => this.#commit(command, id),
      report: (what, cause) => this.report(what, cause),
    });
    this.feeds.add({
      name: "recall",
      wants: new Set(["KeyShredded"]),
      deliver: async (_events, { to }) => {
        await this.#recall();
        return to;
      },
    });
    this.feeds.add({
      name: "rotation",
      wants: new Set(["RotationStarted"]),
      deliver: async (_events, { to }) => {
        // A Vault that nobody asks for a key sleeps, and would not know that there is a newer one.
        const others = VAULTS.filter((shard) => shard !== this.ctx.id.name);
        await Promise.all(others.map((shard) => env.VAULT.getByName(shard).rotate()));
        return to;
      },
    });
  }

  /** Lends the keys of these subjects to a stream, making those that do not exist yet; of a destroyed one it says so. */
  lend(stream: string, subjects: ReadonlyArray<ActorName>): Promise<ReadonlyArray<LentKey>> {
    return this.behindWall("lend", async () => {
      this.#lookForNewerKey();
      return subjects.flatMap((subject) => {
        this.#noteLending(stream, subject);
        return this.#lent(subject);
      });
    });
  }

  /**
   * Destroys all generations of a subject's key, and tells every stream that was lent one. Answers how far that has got,
   * after `waitMs` at the latest; asking again destroys nothing twice.
   */
  shred(subject: ActorName, { by, causation }: KeyOrder, waitMs: number): Promise<Shredding> {
    return this.behindWall("shred", async () => {
      const { number, living } = this.ledger.state.keys[subject] ?? unknownSubject;
      const fingerprints = living.map((generation) => this.#rows.fingerprint(subject, generation));
      const id = `shred/${subject}/${number}`;
      const kek = this.keyEncryptionKeys(this.env).newest;
      this.#commit({ type: "ShredKey", subject, fingerprints, kek }, id, by, causation);
      await Promise.race([this.feeds.pump("recall"), new Promise((resolve) => setTimeout(resolve, waitMs))]);
      return this.#shredding(subject, number);
    });
  }

  /** Gives a forgotten subject a key again, for what it says from now on. */
  admit(subject: ActorName, { by, causation }: KeyOrder): Promise<void> {
    return this.behindWall("admit", async () => {
      const { number } = this.ledger.state.keys[subject] ?? unknownSubject;
      this.#commit({ type: "AdmitAgain", subject }, `admit/${subject}/${number}`, by, causation);
    });
  }

  /**
   * Looks at once whether there is a newer key-encryption key. Answers how many keys are still under an older one, and
   * which of the older ones are missing: without them nothing can turn.
   */
  rotate(): Promise<RotationProgress> {
    return this.behindWall("rotate", async () => {
      this.#rotateSoon();
      return { outdated: this.#rows.outdated(), missing: this.#rows.missing() };
    });
  }

  async keysUpTo(kek: number): Promise<ReadonlyArray<number>> {
    return [...this.keyEncryptionKeys(this.env).keys.keys()].filter((number) => number <= kek);
  }

  async keysAt(subject: ActorName, moments: ReadonlyArray<number>): Promise<ReadonlyArray<ReadonlyArray<number>>> {
    const present = [...this.keyEncryptionKeys(this.env).keys.keys()].toSorted((left, right) => left - right);
    // Until the next key came none was wrapped under it, and until this one died none under a newer one than its last.
    const known = [
      ...(this.#madeBy("rotate/") as Started[]).map(({ at, open }) => ({ at, newest: open.kek - 1 })),
      ...(this.#madeBy(`shred/${subject}/`) as Shredded[]).map(({ at, open }) => ({ at, newest: open.kek })),
    ].toSorted((left, right) => left.at - right.at);
    return moments.map((moment) => {
      const later = known.find(({ at }) => at > moment);
      return later === undefined ? present : present.filter((number) => number <= later.newest);
    });
  }

  protected override alongWith(events: ReadonlyArray<RecordedOf<VaultEvent>>): void {
    for (const { type, open } of events) {
      if (type === "KeyIssued") this.#rows.issue(open.subject, open.number);
      if (type === "KeyRetired") this.#rows.destroy(open.subject, open.number);
      if (type === "KeyShredded") for (const number of open.generations) this.#rows.destroy(open.subject, number);
    }
  }

  protected override afterCommit(events: ReadonlyArray<RecordedOf<VaultEvent>>): void {
    for (const name of this.feeds.wanting(events.map(({ type }) => type))) this.ctx.waitUntil(this.feeds.pump(name));
  }

  protected override async onTimer({ kind }: Timer): Promise<void> {
    if (kind !== ROTATION) return;
    const due = await this.#rotation.step();
    if (due === null) this.timers.cancel(ROTATION);
    else this.timers.set({ id: ROTATION, due, kind: ROTATION, body: null });
  }

  #noteLending(stream: string, subject: ActorName): void {
    const { lentTo, number, shredded } = this.ledger.state.keys[subject] ?? unknownSubject;
    if (shredded || lentTo.includes(stream)) return;
    this.#commit({ type: "LendKey", subject, stream }, `lend/${subject}/${stream}/${number}`);
  }

  #lent(subject: ActorName): ReadonlyArray<LentKey> {
    const { number, living } = this.ledger.state.keys[subject] ?? unknownSubject;
    if (living.length === 0) return [{ subject, number, key: null }];
    return living.map((generation) => ({ subject, number: generation, key: this.#rows.open(subject, generation) }));
  }

  /** The first time in a life: a Vault wakes with the settings of its day. */
  #lookForNewerKey(): void {
    if (this.#lookedForNewerKey) return;
    this.#lookedForNewerKey = true;
    this.#rotateSoon();
  }

  /** Sets the timer of rotations where there is something to turn, unless it rings already. */
  #rotateSoon(): void {
    if (this.ledger.head === 0 || !this.#rotation.isDue()) return;
    if ((this.timers.dueOf(ROTATION) ?? Number.POSITIVE_INFINITY) <= now()) return;
    this.timers.set({ id: ROTATION, due: now(), kind: ROTATION, body: null });
  }

  /** Tells every stream that has to forget a key, each once. @throws when one of them has not confirmed. */
  async #recall(): Promise<void> {
    const tried = new Set<string>();
    const failed: Array<readonly [Errand, unknown]> = [];
    const due = () =>
      Object.entries(this.ledger.state.keys)
        .flatMap(([subject, { recalling }]) =>
          recalling.map((recall): Errand => ({ subject: subject as ActorName, ...recall })),
        )
        .filter((errand) => !tried.has(nameOf(errand)));
    // While some are told, more keys may be destroyed: nobody waits for those who do not answer.
    for (let errands = due(); errands.length > 0; errands = due()) {
      for (const errand of errands) tried.add(nameOf(errand));
      failed.push(...(await runErrands(errands, (errand) => this.#recallFrom(errand))));
    }
    if (failed.length === 0) return;
    const [[{ stream, subject }, cause]] = failed as [(typeof failed)[number]];
    this.report(`${failed.length} streams did not forget a key, ${stream} that of ${subject}`, cause);
    throw new Error(`${failed.length} streams have not confirmed yet`);
  }

  async #recallFrom({ subject, stream, number }: Errand): Promise<void> {
    await borrowerAt(this.env, stream).forgetKey(subject, number);
    this.#commit({ type: "NoteRecalled", subject, stream, number }, `recalled/${subject}/${number}/${stream}`);
  }

  /** How far the shredding of this generation and all before it has got, read from the log. */
  #shredding(subject: ActorName, number: number): Shredding {
    const shredded = this.#madeBy(`shred/${subject}/${number}`)[0] as Shredded;
    const recalled = this.#madeBy(`recalled/${subject}/${number}/`) as ReadonlyArray<Recalled>;
    const { recalling } = this.ledger.state.keys[subject]!;
    return {
      shreddedAt: shredded.at,
      generations: shredded.open.generations,
      fingerprints: shredded.open.fingerprints,
      kek: shredded.open.kek,
      streams: [
        ...recalled.map(({ open, at }) => ({ stream: open.stream, confirmedAt: at })),
        ...recalling.map(({ stream }) => ({ stream, confirmedAt: null })),
      ],
    };
  }

  /** The events of commands whose id begins so. */
  #madeBy(prefix: string): ReadonlyArray<RecordedOf<VaultEvent>> {
    return this.ledger.madeBy(prefix).flatMap((seq) => this.ledger.read(seq - 1, 1));
  }

  #commit(command: VaultErrand, id: string, by: ActorName = "system:vault", causation: string | null = null): void {
    this.commitNow({
      ...command,
      meta: { id, at: now(), by, correlation: causation ?? id, causation },
    } as VaultCommand);
  }
}

const nameOf = ({ subject, stream, number }: Errand): string => `${subject} ${stream} ${number}`;
