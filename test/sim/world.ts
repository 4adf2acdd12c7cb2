/** A simulated house and everything around it, wired together: steps, deaths, and who hears what; driven by run.ts. */
import { createHash } from "node:crypto";
import type { ActorEnv, FullHouse, Heard } from "#actors/kit/doors.ts";
import type { KeyEncryptionKeys } from "#actors/vault/vault.ts";
import { actorOf, type SimulatedEnv } from "./cast.ts";
import type { Chance } from "./chance.ts";
import { Chronicle, type Happened } from "./chronicle.ts";
import { type Entry, VirtualClock } from "./clock.ts";
import { Exchange } from "./exchange.ts";
import type { Bent, Instance } from "./instance.ts";
import { Invariants } from "./invariants.ts";
import { abilitiesOf } from "./minds.ts";
import { Network, type Sending } from "./network.ts";
import { Caches, ReadModels, type Way } from "./outside.ts";
import { People } from "./people.ts";
import type { Plan } from "./plan.ts";
import { Platform } from "./platform.ts";
import { ledgerOf } from "./reckoning.ts";
import { Speech } from "./speech.ts";
import { calm, type Weather } from "./weather.ts";

/** A broken promise, and the moment in which it was noticed. */
export interface Violation {
  /** Its number in house.md II.3, or one word. */
  readonly promise: string;
  readonly what: string;
  readonly step: number;
}

export interface Options {
  /** How the platform is bent for a mutant. */
  readonly bent?: Bent;
  /** Hears every step, event and report as it happens. */
  readonly watch?: (line: string) => void;
  /** Where the files of all objects lie, for who looks at their bytes. */
  readonly folder?: string;
  /** What agents can do, where that is not to be drawn from the seed. */
  readonly abilities?: SimulatedEnv["abilities"];
}

/**
 * What is left of a fault in a line of the log, wherever it went through, and what is said of a model's answer that is
 * of no use. What an actor reports beside these is a fault of its own, and so is everything that nobody caught.
 */
const expected =
  /^(?!uncaught).*(network connection lost|storage: |was reset|was superseded|(internal|out-of-reach) [0-9a-f]{8}-|DeliveryFailure|KeyFailure|Overtaken|(no|\d) facts from )/s;

/** What a room tells was so when it began to say it; it may have had to ask for keys meanwhile, and waits for its disk. */
const BELIEVED_MS = 30_000;

export class World {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly plan: Plan;
  readonly platform: Platform;
  readonly network: Network;
  readonly invariants: Invariants;
  readonly speech: Speech;
  readonly chronicle: Chronicle;
  readonly people: People;
  readonly readModels = new ReadModels();
  /** What goes wrong from here on. */
  weather: Weather = calm;
  /** The setting, as those find it who wake from here on. */
  keyEncryptionKeys: KeyEncryptionKeys = { newest: 1, keys: new Map([[1, new Uint8Array(32).fill(7)]]) };
  steps = 0;
  events = 0;
  /** How often what has happened, by the events' type, and by type and reason, kind or purpose, where there is one. */
  readonly happened = new Map<string, number>();
  deaths = 0;
  violation: Violation | undefined;
  readonly caches = new Caches();
  readonly #bent: Bent;
  readonly #watch: ((line: string) => void) | undefined;
  readonly #abilities: SimulatedEnv["abilities"] | undefined;
  readonly #trace = createHash("sha256");
  #requests = 0;
  #stumbled = 0;

  constructor(chance: Chance, plan: Plan, { bent = {}, watch, folder, abilities }: Options) {
    this.chance = chance;
    this.plan = plan;
    this.clock = new VirtualClock(plan.beginning ?? Date.UTC(2026, 9, 1, 12));
    this.#bent = bent;
    this.#watch = watch;
    this.#abilities = abilities;
    const weather = () => this.weather;
    const { clock, tell } = this;
    this.invariants = new Invariants(tell);
    this.speech = new Speech(() => clock.now, tell);
    this.chronicle = new Chronicle((event) => this.#see(event), tell);
    this.platform = new Platform({
      ...{ clock, chance, weather, bent, folder },
      build: (instance, ctx) => actorOf(instance.object.kind, ctx, this.#env(instance)),
      safe: (object) => this.chronicle.read(object),
    });
    const { platform, chronicle } = this;
    this.network = new Network({ clock, chance, weather, platform }, (call) => this.#sent(call));
    const { network } = this;
    const exchange = new Exchange({ clock, chance, weather, platform });
    this.people = new People({
      ...{ plan, clock, chance, network, platform, chronicle, exchange, tell },
      ...{ speech: this.speech, stops: this.invariants.stops, note: this.note },
      calm: () => this.weather === calm,
    });
  }

  /** A promise was broken; the first one counts. */
  readonly tell = (promise: string, what: string): void => {
    this.#watch?.(`BROKEN [${promise}] ${what}`);
    this.violation ??= { promise, what, step: this.steps };
  };

  /** What actors report. */
  readonly told = (line: string): void => {
    this.#watch?.(`      ${line}`);
    if (!expected.test(line)) this.tell("defect", line.slice(0, 300));
  };

  /** Something has happened once more. */
  readonly note = (what: string): void => void this.happened.set(what, (this.happened.get(what) ?? 0) + 1);

  /** Over every step and every event so far: the same seed, the same trace. */
  get trace(): string {
    return this.#trace.copy().digest("hex");
  }

  // ── what an instance finds around it ──────────────────────────────────────────────────────────────────────────────

  #env(instance: Instance): SimulatedEnv {
    const { network } = this;
    const trouble = () => ({ notDone: this.weather.database / 2, notTold: this.weather.database / 2 });
    const way: Way = (what, effect) => network.errand(instance, what, trouble(), effect);
    const doors = Object.fromEntries(
      (["AGENT", "ROOM", "USER", "SYSTEM", "VAULT"] as const).map((kind) => [kind, network.namespace(instance, kind)]),
    ) as unknown as ActorEnv;
    return {
      ...doors,
      keyEncryptionKeys: this.keyEncryptionKeys,
      DB: this.readModels.binding(way, this.#bent.rewrite),
      CACHE: this.caches.binding(way),
      abilities:
        this.#abilities ??
        abilitiesOf((what, faults, effect) => network.errand(instance, what, faults, effect), {
          chance: this.chance,
          weather: () => this.weather,
          plan: this.plan,
          effect: (tool, key, agentId) => this.invariants.effect(tool, key, agentId),
          request: () => this.#requests++,
          stumbles: () => this.#stumbled++ < (this.plan.stumbles ?? 0),
          dies: () => this.end(instance),
          // Who was superseded does not know of a stop, and goes on until it does.
          given: (piece) => !instance.stale && this.speech.given(piece),
        }),
    };
  }

  #sent({ from, to, method, values }: Sending): void {
    if (method !== "hear") return;
    const [roomId, { watched }, heard] = values as [string, FullHouse, ReadonlyArray<Heard>];
    this.invariants.told(to.name, roomId, heard);
    if (!watched || from?.stale !== false) return;
    const { lines, stream } = from.object;
    if (lines.size === 0 && lines.emptiedAt < this.clock.now - BELIEVED_MS)
      this.tell("sockets", `${stream} believes that somebody watches`);
  }

  #see(event: Happened): void {
    const { stream, seq, type, at, open } = event;
    const line = `${stream} ${seq} ${type} ${at} ${JSON.stringify(open)}`;
    this.events += 1;
    const reasons = ["reason", "why", "kind", "purpose"].flatMap((field) =>
      field in open ? [`${type} ${open[field]}`] : [],
    );
    for (const what of [type, ...reasons]) this.note(what);
    // What is made with a key is another one each time: keys are drawn from a pool that runs share.
    this.#trace.update(line.replace(/hmac:[\w-]{22}|[0-9a-f]{64}/g, "digest"));
    this.#watch?.(`      ${line}`);
    this.invariants.see(event);
    this.speech.see(event);
  }

  // ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets the next thing happen. False when there is none before `until`, or a promise was broken. */
  async step(until?: number): Promise<boolean> {
    if (this.violation !== undefined) return false;
    const entry = await this.clock.step(until);
    if (entry === undefined) return false;
    this.steps += 1;
    this.#note(entry);
    this.#checkHead();
    return true;
  }

  #note({ at, what, life }: Entry): void {
    const line = `${at} ${what}`;
    this.#trace.update(line);
    const whose = life === undefined ? "" : ` (${nameOf(life as Instance)})`;
    this.#watch?.(`${this.steps} ${line}${whose}`);
  }

  /** What the one that moved holds in memory goes as far as its log does [L5]. */
  #checkHead(): void {
    const { touched } = this.platform;
    if (touched === undefined || touched.object.instance !== touched) return;
    const head = ledgerOf(touched.object)?.head ?? 0;
    if (head === 0) return;
    const [[written]] = touched.object.disk.execute("SELECT MAX(seq) FROM events", []) as [[number]];
    if (written !== head) this.tell("L5", `${nameOf(touched)} is at ${head}, its log at ${written}`);
  }

  /** Somebody dies or falls asleep, now and then; most often whoever has just moved. */
  fate(): void {
    const { chance, platform, weather } = this;
    const living = () => [...platform.objects.values()].flatMap(({ instance }) => (instance ? [instance] : []));
    if (chance.maybe(weather.deploy)) {
      this.turnKey();
      for (const instance of living()) this.end(instance);
    }
    if (chance.maybe(weather.sleep)) {
      const idle = living().filter((instance) => platform.mayLeave(instance));
      if (idle.length > 0) platform.sleep(chance.pick(idle));
    }
    if (!chance.maybe(weather.crash)) return;
    const movedLast = living().filter((instance) => instance === platform.touched);
    const victims = movedLast.length > 0 && chance.maybe(0.6) ? movedLast : living();
    if (victims.length > 0) this.end(chance.pick(victims));
  }

  /** A newer key-encryption key is in the settings, beside the older ones. */
  turnKey(): void {
    const newest = this.keyEncryptionKeys.newest + 1;
    const keys = new Map([...this.keyEncryptionKeys.keys, [newest, new Uint8Array(32).fill(newest)]]);
    this.keyEncryptionKeys = { newest, keys };
  }

  /** Only the newest key-encryption key is left in the settings. */
  forgetOldKeys(): void {
    const { newest, keys } = this.keyEncryptionKeys;
    this.keyEncryptionKeys = { newest, keys: new Map([[newest, keys.get(newest)!]]) };
  }

  /** The end of an instance, in one of its ways. */
  end(instance: Instance): void {
    const { stale, lose } = this.weather;
    const superseded = this.chance.maybe(stale);
    const loses = this.chance.maybe(lose);
    this.deaths += 1;
    this.#watch?.(`      ${nameOf(instance)} ${superseded ? "goes stale" : loses ? "dies and loses" : "dies"}`);
    if (superseded) this.platform.supersede(instance);
    else this.platform.crash(instance, loses);
  }

  close(): void {
    for (const { disk } of this.platform.objects.values()) disk.close();
    this.readModels.close();
  }
}

const nameOf = ({ object, number }: Instance): string => `${object.stream} #${number}`;
