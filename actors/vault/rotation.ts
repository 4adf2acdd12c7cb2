/** The turning of keys: every living key gets a new generation under the newest key-encryption key, and the old one dies; run by VaultActor. */
import type { ActorName } from "#events/kit/ids.ts";
import type { VaultCommand } from "#events/vault/commands.ts";
import type { VaultState } from "#events/vault/state.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv } from "../kit/doors.ts";
import { borrowerAt, type Errand, runErrands, Unreachable } from "./borrowers.ts";
import type { KeyRows } from "./key-rows.ts";

/** After a fault, such as a key-encryption key that is missing. */
const AFTER_FAULT_MS = 300_000;
/** New generations in one step, and calls to streams: what a step does fits into one alarm many times over. */
const ISSUED_AT_ONCE = 50;
const TOLD_AT_ONCE = 200;
/** A stream wraps a batch of its rows with each call. */
const BATCHES_AT_ONCE = 50;

/** What a rotation needs of its Vault. */
export interface RotatingVault {
  readonly env: ActorEnv;
  readonly rows: KeyRows;
  readonly newest: () => number;
  readonly state: () => VaultState;
  readonly commit: (command: VaultErrand, id: string) => void;
  readonly report: (what: string, cause: unknown) => void;
}

type WithoutMeta<C> = C extends unknown ? Omit<C, "meta"> : never;
/** A command without what a Vault's own commands have in common. */
export type VaultErrand = WithoutMeta<VaultCommand>;

export class Rotation {
  readonly #vault: RotatingVault;
  readonly #unreachable = new Unreachable();

  constructor(vault: RotatingVault) {
    this.#vault = vault;
  }

  /** True when there is something to turn, or to finish. */
  isDue(): boolean {
    return this.#vault.state().rotatingTo !== null || this.#vault.rows.outdated() > 0;
  }

  /**
   * Goes on by one bounded step, from wherever the log and the rows say it stands: dying anywhere loses nothing. Answers
   * when the next step is due (ms since 1970), null when all is done. Faults are reported, and tried again later.
   */
  async step(): Promise<number | null> {
    try {
      if (!this.isDue()) return null;
      // Streams need the old generations to the end: with one that nobody can open, nothing is begun.
      this.#vault.rows.check();
      return await this.#goOn();
    } catch (cause) {
      this.#vault.report("rotation of keys", cause);
      return now() + AFTER_FAULT_MS;
    }
  }

  async #goOn(): Promise<number | null> {
    const { rows, commit } = this.#vault;
    const kek = this.#vault.newest();
    commit({ type: "StartRotation", kek }, `rotate/${kek}`);
    const issued = rows.outdatedSubjects(ISSUED_AT_ONCE).filter((subject) => this.#renew(subject));
    const told = await this.#tell();
    const retired = this.#retire();
    if (rows.outdated() === 0) {
      commit({ type: "CompleteRotation", kek }, `rotated/${kek}`);
      return null;
    }
    return issued.length + told + retired > 0
      ? now()
      : Math.max(now(), Math.min(this.#unreachable.next(), now() + AFTER_FAULT_MS));
  }

  /** A new generation for a subject that has not got one yet. False while streams are still busy with an earlier one. */
  #renew(subject: ActorName): boolean {
    const number = this.#vault.state().keys[subject]!.number;
    if (this.#vault.state().keys[subject]!.renewing.length > 0) return false;
    this.#vault.commit({ type: "RenewKey", subject }, `renew/${subject}/${number}`);
    return true;
  }

  /** Tells streams of new generations, and answers how many got on with it. */
  async #tell(): Promise<number> {
    const errands = Object.entries(this.#vault.state().keys)
      .flatMap(([subject, { number, renewing }]) =>
        renewing.map((stream): Errand => ({ subject: subject as ActorName, stream, number })),
      )
      .filter(({ stream }) => !this.#unreachable.has(stream))
      .slice(0, TOLD_AT_ONCE);
    const failed = await runErrands(errands, (errand) => this.#tellOne(errand));
    for (const [{ stream }, cause] of failed) {
      this.#unreachable.failed(stream);
      this.#vault.report(`${stream} did not renew a key`, cause);
    }
    return errands.length - failed.length;
  }

  async #tellOne({ subject, stream, number }: Errand): Promise<void> {
    const door = borrowerAt(this.#vault.env, stream);
    for (let batch = 0; batch < BATCHES_AT_ONCE; batch++)
      if (await door.renewKey(subject, number)) {
        this.#unreachable.answered(stream);
        this.#vault.commit({ type: "NoteRenewed", subject, stream, number }, `renewed/${subject}/${number}/${stream}`);
        return;
      }
  }

  /** Destroys generations that no stream needs any more, and answers how many. */
  #retire(): number {
    const due = Object.entries(this.#vault.state().keys).flatMap(([subject, { living, renewing }]) =>
      renewing.length > 0 ? [] : living.slice(0, -1).map((number) => [subject as ActorName, number] as const),
    );
    for (const [subject, number] of due) {
      const fingerprint = this.#vault.rows.fingerprint(subject, number);
      this.#vault.commit({ type: "RetireKey", subject, number, fingerprint }, `retire/${subject}/${number}`);
    }
    return due.length;
  }
}
