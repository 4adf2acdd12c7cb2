/** One run of a simulated house from a seed: a storm, then calm, then the reckoning; called by sim.spec.ts and scripts/sim.ts. */
import { createHash } from "node:crypto";
import type { ActorEnv } from "#actors/kit/doors.ts";
import { actorOf, type SimulatedEnv } from "./cast.ts";
import { Chance } from "./chance.ts";
import { Chronicle, type Happened } from "./chronicle.ts";
import { type Entry, VirtualClock } from "./clock.ts";
import { Invariants } from "./invariants.ts";
import { abilitiesOf } from "./minds.ts";
import { Network } from "./network.ts";
import { Caches, ReadModels, type Way } from "./outside.ts";
import { People } from "./people.ts";
import { type Plan, planOf } from "./plan.ts";
import { type Bent, type Instance, Platform } from "./platform.ts";
import * as reckoning from "./reckoning.ts";
import { Exchange } from "./sockets.ts";
import { calm, type Weather, weatherOf } from "./weather.ts";

/** A broken promise, and the moment in which it was noticed. */
export interface Violation {
  readonly promise: string;
  readonly what: string;
  readonly step: number;
}

export interface Report {
  readonly seed: number;
  readonly steps: number;
  readonly events: number;
  readonly deaths: number;
  /** Over every step and every event: the same seed, the same trace. */
  readonly trace: string;
  readonly violation: Violation | undefined;
}

export interface Options {
  readonly bent?: Bent;
  /** Hears every step, event and report as it happens. */
  readonly watch?: (line: string) => void;
}

/** In calm weather everything must come to rest within so many steps, and so much time of the house's own. */
const STEPS_TO_REST = 8_000;
const MS_TO_REST = 15 * 60_000;

/** What is left of a fault in a line of the log, wherever it went through. What nobody caught is never expected. */
const expected =
  /^(?!uncaught).*(network connection lost|storage: |was reset|was superseded|internal [0-9a-f]{8}-|rests until the next)/;

class World {
  readonly clock = new VirtualClock();
  readonly chance: Chance;
  readonly platform: Platform;
  readonly network: Network;
  readonly invariants: Invariants;
  readonly chronicle: Chronicle;
  readonly people: People;
  readonly readModels = new ReadModels();
  readonly caches = new Caches();
  readonly #plan: Plan;
  readonly #bent: Bent;
  readonly #watch: ((line: string) => void) | undefined;
  readonly #trace = createHash("sha256");
  #weather: Weather;
  #calmSince = 0;
  steps = 0;
  events = 0;
  deaths = 0;
  violation: Violation | undefined;

  constructor(seed: number, { bent = {}, watch }: Options) {
    this.chance = new Chance(seed);
    this.#weather = weatherOf(this.chance);
    this.#plan = planOf(this.chance);
    this.#bent = bent;
    this.#watch = watch;
    const { clock, chance } = this;
    const weather = () => this.#weather;
    const tell = (promise: string, what: string) => this.tell(promise, what);
    this.invariants = new Invariants(tell);
    this.chronicle = new Chronicle((event) => this.#see(event), tell);
    this.platform = new Platform({
      ...{ clock, chance, weather, bent },
      build: (instance, ctx) => actorOf(instance.object.kind, ctx, this.#env(instance)),
      safe: (object) => this.chronicle.read(object),
    });
    this.network = new Network({ clock, chance, weather, platform: this.platform });
    const { network, platform, chronicle } = this;
    const exchange = new Exchange({ clock, chance, weather, platform });
    this.people = new People({
      ...{ plan: this.#plan, clock, chance, network, platform, chronicle, exchange, tell },
      calm: () => this.#weather === calm,
    });
  }

  tell(promise: string, what: string): void {
    this.#watch?.(`BROKEN [${promise}] ${what}`);
    this.violation ??= { promise, what, step: this.steps };
  }

  /** What actors report. They may report what was done to them, and nothing else: everything else is a fault of their own. */
  told(line: string): void {
    this.#watch?.(`      ${line}`);
    if (!expected.test(line)) this.tell("defect", line.slice(0, 300));
  }

  get trace(): string {
    return this.#trace.copy().digest("hex");
  }

  // ── what an instance finds around it ──────────────────────────────────────────────────────────────────────────────

  #env(instance: Instance): SimulatedEnv {
    const { network } = this;
    const trouble = () => ({ notDone: this.#weather.database / 2, notTold: this.#weather.database / 2 });
    const way: Way = (what, effect) => network.errand(instance, what, trouble(), effect);
    const doors = Object.fromEntries(
      (["AGENT", "ROOM", "USER", "SYSTEM", "VAULT"] as const).map((kind) => [kind, network.namespace(instance, kind)]),
    ) as unknown as ActorEnv;
    return {
      ...doors,
      DB: this.readModels.binding(way, this.#bent.rewrite),
      CACHE: this.caches.binding(way),
      abilities: abilitiesOf((what, faults, effect) => network.errand(instance, what, faults, effect), {
        chance: this.chance,
        weather: () => this.#weather,
        names: this.#plan.agents.map(({ name }) => name),
        effect: (tool, key, agentId) => this.invariants.effect(tool, key, agentId),
      }),
    };
  }

  #see(event: Happened): void {
    const { stream, seq, type, at, open } = event;
    const line = `${stream} ${seq} ${type} ${at} ${JSON.stringify(open)}`;
    this.events += 1;
    this.#trace.update(line);
    this.#watch?.(`      ${line}`);
    this.invariants.see(event);
  }

  // ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #step(until?: number): Promise<boolean> {
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
    const who = life === undefined ? "" : ` (${(life as Instance).object.stream} #${(life as Instance).number})`;
    this.#watch?.(`${this.steps} ${line}${who}`);
  }

  /** What the one that moved holds in memory goes as far as its log does [L5]. */
  #checkHead(): void {
    const { touched } = this.platform;
    if (touched === undefined || touched.object.instance !== touched) return;
    const ledger = reckoning.ledgerOf(touched.object);
    if (ledger === undefined || ledger.head === 0) return;
    const written = touched.object.disk.execute("SELECT COALESCE(MAX(seq), 0) FROM events", [])[0]![0];
    if (written !== ledger.head)
      this.tell("L5", `${touched.object.stream} is at ${ledger.head}, its log at ${written}`);
  }

  /** Somebody dies, now and then; most often whoever has just moved. */
  #fate(): void {
    const { chance, platform } = this;
    const { crash, deploy, sleep } = this.#weather;
    const living = () => [...platform.objects.values()].flatMap(({ instance }) => (instance ? [instance] : []));
    if (chance.maybe(deploy)) return living().forEach((instance) => this.#end(instance));
    if (chance.maybe(sleep)) {
      const idle = living().filter((instance) => platform.mayLeave(instance));
      if (idle.length > 0) platform.sleep(chance.pick(idle));
    }
    if (!chance.maybe(crash)) return;
    const { touched } = platform;
    const movedLast = living().filter((instance) => instance === touched);
    const victims = movedLast.length > 0 && chance.maybe(0.6) ? movedLast : living();
    if (victims.length > 0) this.#end(chance.pick(victims));
  }

  #end(instance: Instance): void {
    const { stale, lose } = this.#weather;
    this.deaths += 1;
    const isStale = this.chance.maybe(stale);
    const loses = this.chance.maybe(lose);
    this.#watch?.(
      `      ${instance.object.stream} #${instance.number} ${isStale ? "goes stale" : loses ? "dies and loses" : "dies"}`,
    );
    if (isStale) this.platform.supersede(instance);
    else this.platform.crash(instance, loses);
  }

  /** Faults for so many steps; whatever happens, nothing that was promised may be broken meanwhile. */
  async storm(steps: number): Promise<void> {
    this.people.begin();
    if (this.chance.maybe(0.8)) await this.#setUp();
    const until = this.steps + steps;
    while (this.steps < until && this.violation === undefined && (await this.#step())) this.#fate();
  }

  /** Most storms break over a house that stands: setting it up takes long enough in calm weather. */
  async #setUp(): Promise<void> {
    const storm = this.#weather;
    this.#weather = calm;
    while (!this.people.settled && this.violation === undefined && (await this.#step()));
    this.#weather = storm;
  }

  /** No more faults. Whatever is under way must come to its end. */
  async rest(): Promise<void> {
    if (this.#weather !== calm) this.#calmSince = this.clock.now;
    this.#weather = calm;
    this.platform.punctual();
    const until = this.clock.now + MS_TO_REST;
    const most = this.steps + STEPS_TO_REST;
    while (this.violation === undefined && (await this.#step(until)))
      if (this.steps > most)
        return this.tell("liveness", `the house does not come to rest within ${STEPS_TO_REST} steps`);
    if (this.violation === undefined && !this.clock.idle)
      this.tell("liveness", `the house does not come to rest within ${MS_TO_REST} ms`);
  }

  /** In calm weather somebody speaks to every agent in every room, and reads what was said. */
  async probe(): Promise<void> {
    for (const presence of reckoning.presences(this.chronicle)) this.people.greet(presence);
    await this.rest();
    for (const presence of reckoning.presences(this.chronicle)) this.people.readAgain(presence);
    await this.rest();
  }

  async reckon(): Promise<void> {
    const objects = [...this.platform.objects.values()];
    const tell = (promise: string, what: string) => this.tell(promise, what);
    this.people.checkQuiet();
    reckoning.checkTurns(this.invariants, tell);
    reckoning.checkPatience(this.invariants, this.#calmSince, tell);
    reckoning.checkDeliveries(this.chronicle, tell);
    reckoning.checkAgreement(this.chronicle, tell);
    reckoning.checkLogs(objects, (head) => this.chance.between(0, head), tell);
    await reckoning.checkReadModels(objects, this.readModels, tell);
  }

  close(): void {
    for (const { disk } of this.platform.objects.values()) disk.close();
    this.readModels.close();
  }
}

/** Plays a seed to its end, or to the first broken promise. */
export async function simulate(seed: number, options: Options = {}): Promise<Report> {
  const world = new World(seed, options);
  const told = (line: string) => world.told(line);
  try {
    await world.clock.reign(world.chance, told, async () => {
      await world.storm(world.chance.between(60, 500));
      if (world.violation === undefined) await world.rest();
      if (world.violation === undefined) await world.probe();
      if (world.violation === undefined) await world.reckon();
    });
  } finally {
    world.close();
  }
  const { steps, events, deaths, trace, violation } = world;
  return { seed, steps, events, deaths, trace, violation };
}
