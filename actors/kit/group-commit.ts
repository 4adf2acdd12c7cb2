/** Group commit: what many turns of one agent record within a moment is one write to the disk; used by the turn ledger. */

/** How long the first of a group waits for others: a write takes a third of it, and under such load the reply waits longer anyway. */
const MOMENT_MS = 1;

export class GroupCommit {
  /**
   * With fewer at work hardly anybody comes within a moment, and a turn that is alone waits for nobody (as PostgreSQL's
   * `commit_siblings`). Simulated houses are too small for so many, and take fewer.
   */
  static siblings = 5;

  readonly #atWork: () => number;
  #moment: Promise<void> | undefined;

  /** `atWork` says how many may come. */
  constructor(atWork: () => number) {
    this.#atWork = atWork;
  }

  /**
   * The end of the present moment, undefined where nobody is waited for. All who wait for it go on in one breath, and the
   * runtime writes what is committed in one breath at once: ten turns at a time wrote 4.2 times each, and 1.9 times so.
   */
  gather(): Promise<void> | undefined {
    if (this.#atWork() < GroupCommit.siblings) return undefined;
    this.#moment ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#moment = undefined;
        resolve();
      }, MOMENT_MS);
    });
    return this.#moment;
  }
}
