/** What lies between objects: calls that are delayed, overtake one another, get lost on either way, or come twice. */
import type { Chance } from "./chance.ts";
import type { Life, VirtualClock } from "./clock.ts";
import type { Instance, Kind, Outcome, SimulatedObject } from "./instance.ts";
import type { Platform } from "./platform.ts";
import type { Weather } from "./weather.ts";

/** A call that is lost is waited for so long at most. */
const WAITED_AT_MOST_MS = 5_000;

/** Who asks whom for what. */
export interface Sending {
  /** Undefined for people: they never die. */
  readonly from: Instance | undefined;
  readonly to: SimulatedObject;
  readonly method: string;
  readonly values: ReadonlyArray<unknown>;
}

interface Call extends Sending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Hears of every call that leaves, whatever becomes of it. */
type Sent = (call: Sending) => void;

/** How often an errand to the outside is not done, or is done and the news of it lost. */
export interface Trouble {
  readonly notDone: number;
  readonly notTold: number;
  /** How long it takes there. */
  readonly takesMs?: number;
}

/** What is answered by nobody, ever: whoever waits must know how long. */
export const silence = Symbol("silence");

/** Calls whose receiver knows them by an id of their own, so that the same one may come twice. */
const idempotent = new Set([
  ...["hear", "postReply", "agentChanged", "register", "retire", "lend", "arrive", "noteConsent", "requestConsent"],
  ...["forgetKey", "renewKey", "shred", "admit", "rotate", "erase", "comeBack"],
  ...["open", "join", "addPerson", "removePerson", "inviteAgent", "dismissAgent", "post"],
  ...["create", "change", "setActive", "remove", "setPolicy", "stop", "decideConsent"],
]);

type Settle<A> = (resolve: (value: A) => void, reject: (error: Error) => void) => void;

/** What an effect came to, for later; nothing when nobody will ever say. */
function settled<A>(effect: () => A | typeof silence): Settle<A> | undefined {
  try {
    const value = effect();
    return value === silence ? undefined : (resolve) => resolve(value);
  } catch (error) {
    return (_resolve, reject) => reject(error instanceof Error ? error : new Error(String(error)));
  }
}

export class Network {
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  readonly #weather: () => Weather;
  readonly #platform: Platform;
  readonly #sent: Sent;

  constructor(world: { clock: VirtualClock; chance: Chance; weather: () => Weather; platform: Platform }, sent: Sent) {
    this.#sent = sent;
    this.#clock = world.clock;
    this.#chance = world.chance;
    this.#weather = world.weather;
    this.#platform = world.platform;
  }

  /** Objects of one kind as `from` reaches them: what goes over is copied, as the platform does. */
  namespace(from: Instance | undefined, kind: Kind) {
    return { getByName: (name: string) => this.#stub(from, this.#platform.object(kind, name)) };
  }

  #stub(from: Instance | undefined, to: SimulatedObject): unknown {
    return new Proxy(
      {},
      {
        get: (_target, method) =>
          typeof method === "symbol" || method === "then"
            ? undefined
            : (...values: ReadonlyArray<unknown>) => this.call(from, to, method, values),
      },
    );
  }

  call(from: Instance | undefined, to: SimulatedObject, method: string, values: ReadonlyArray<unknown>) {
    return new Promise<unknown>((resolve, reject) => {
      const call: Call = { from, to, method, values: structuredClone(values), resolve, reject };
      this.#leave(from, () => this.#travel(call));
    });
  }

  /** Something that happens outside of the house, at the end of a way that may fail like any other. */
  errand<A>(from: Instance, what: string, trouble: Trouble, effect: () => A | typeof silence): Promise<A> {
    return new Promise((resolve, reject) => {
      const arrive = () => {
        const settle = settled(effect);
        if (settle === undefined) return;
        if (this.#chance.maybe(trouble.notTold)) this.#lost(from, what, reject);
        else this.#back(from, what, () => settle(resolve, reject), trouble.takesMs);
      };
      this.#leave(from, () => {
        if (this.#chance.maybe(trouble.notDone)) this.#lost(from, what, reject);
        else this.#clock.after(this.#delay(), undefined, what, arrive);
      });
    });
  }

  #leave(from: Instance | undefined, send: () => void): void {
    if (from === undefined) send();
    else this.#platform.output(from, send);
  }

  #travel(call: Call): void {
    const { deaf, requestLost, doubled } = this.#weather();
    this.#sent(call);
    if (deaf.has(call.method) || this.#chance.maybe(requestLost)) {
      this.#lost(call.from, call.method, call.reject);
      return;
    }
    this.#arrive(call, (outcome) => this.#answer(call, outcome));
    if (idempotent.has(call.method) && this.#chance.maybe(doubled)) this.#arrive(call, () => {});
  }

  #arrive({ to, method, values }: Call, answered: (outcome: Outcome) => void): void {
    this.#clock.after(this.#delay(), undefined, `${to.stream} ${method}`, () => {
      const instance = this.#platform.awake(to);
      // Each arrival is a copy of its own: what one hearer does to it must not reach the other.
      if (instance !== undefined) this.#platform.visit(instance, method, structuredClone(values), answered);
      else answered({ ok: false, error: "network connection lost" });
    });
  }

  #answer({ from, method, resolve, reject }: Call, outcome: Outcome): void {
    if (this.#chance.maybe(this.#weather().answerLost)) {
      this.#lost(from, method, reject);
      return;
    }
    const value = outcome.ok ? structuredClone(outcome.value) : undefined;
    this.#back(from, method, () => (outcome.ok ? resolve(value) : reject(new Error(outcome.error))));
  }

  #back(from: Life | undefined, what: string, settle: () => void, takesMs = 0): void {
    this.#clock.after(takesMs + this.#delay(), from, `${what} answered`, settle);
  }

  #lost(from: Life | undefined, what: string, reject: (error: Error) => void): void {
    const waitMs = this.#chance.between(20, WAITED_AT_MOST_MS);
    this.#clock.after(waitMs, from, `${what} lost`, () => reject(new Error("network connection lost")));
  }

  #delay(): number {
    return this.#chance.maybe(this.#weather().slow) ? this.#chance.between(200, 8_000) : this.#chance.between(0, 12);
  }
}
