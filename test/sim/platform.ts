/** The platform of a simulated run: objects by name, one living instance each, an output gate, alarms, and three ways to die. */
import { Disk } from "./disk.ts";
import type { Instance, Kind, Outcome, SimulatedObject, Surroundings, Taken } from "./instance.ts";
import { Lines, socketsOf } from "./sockets.ts";
import { stateOf } from "./state.ts";

const ALARM_RETRIES = 6;
const STALE_AT_MOST_MS = 30_000;
const LATE_AT_MOST_MS = 3_600_000;

export class Platform {
  readonly objects = new Map<string, SimulatedObject>();
  readonly #world: Surroundings;
  /** Who has moved last. */
  touched: Instance | undefined;
  #born = 0;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  object(kind: Kind, name: string): SimulatedObject {
    const stream = `${kind.toLowerCase()}:${name}`;
    const known = this.objects.get(stream);
    if (known !== undefined) return known;
    const { folder } = this.#world;
    const disk = new Disk(folder && `${folder}/${kind}-${name}.sqlite`);
    const made: SimulatedObject = {
      ...{ kind, name, stream, disk, lines: new Lines() },
      ...{ instance: undefined, bell: undefined, ringing: undefined, tries: 0 },
    };
    this.objects.set(stream, made);
    return made;
  }

  /** The living instance; wakes the object if it has none. @throws when its constructor does. */
  live(object: SimulatedObject): Instance {
    if (object.instance !== undefined) return object.instance;
    const { chance, weather } = this.#world;
    const { skewMs } = weather();
    const instance: Instance = {
      skewMs: skewMs > 0 ? chance.between(-skewMs, skewMs) : 0,
      ...{ object, number: ++this.#born, actor: {}, alive: true, stale: false, mute: false },
      ...{ held: [], taken: new Set<Taken>(), sockets: new Map(), flushing: undefined },
    };
    this.#world.clock.current = instance;
    try {
      const state = stateOf(instance, this.#world, {
        written: () => this.written(instance),
        sockets: () => socketsOf(instance, object.lines, (send) => this.output(instance, send)),
      });
      instance.actor = this.#world.build(instance, state);
    } catch (error) {
      instance.alive = false;
      object.disk.lose();
      throw error;
    }
    object.instance = instance;
    return instance;
  }

  /** The living instance, or undefined when the object cannot wake. */
  awake(object: SimulatedObject): Instance | undefined {
    try {
      return this.live(object);
    } catch (error) {
      console.error(`${object.stream} cannot wake`, error);
      return undefined;
    }
  }

  /** Calls a method; `answered` hears what comes of it when that may leave. */
  visit(
    instance: Instance,
    method: string,
    values: ReadonlyArray<unknown>,
    answered: (outcome: Outcome) => void,
  ): void {
    this.#world.clock.current = instance;
    this.touched = instance;
    const taken: Taken = { fail: () => answered({ ok: false, error: "the object was reset" }) };
    instance.taken.add(taken);
    const settle = (outcome: Outcome) =>
      this.output(instance, () => {
        if (instance.taken.delete(taken)) answered(outcome);
      });
    const run = async () => instance.actor[method]!(...values);
    run().then(
      (value) => settle({ ok: true, value }),
      (error: unknown) => {
        // Behind the wall of an actor a fault was reported already, and only its number comes out.
        if (!/^Error: (internal|out-of-reach) /.test(String(error)))
          console.error(`${instance.object.stream} ${method}`, error);
        settle({ ok: false, error: String(error) });
      },
    );
  }

  /** The output gate: nothing leaves an instance before what it has written is safe. */
  output(instance: Instance, send: () => void): void {
    if (!instance.alive || instance.mute) return;
    if (instance.object.disk.unsafe && !instance.stale && !this.#world.bent.gateless) instance.held.push(send);
    else send();
  }

  /** Something was written: it will be safe in a moment. */
  written(instance: Instance): void {
    const { clock, chance } = this.#world;
    instance.flushing ??= clock.after(chance.between(0, 6), instance, `${instance.object.stream} flush`, () => {
      instance.flushing = undefined;
      if (!instance.stale) this.#flush(instance);
    });
  }

  #flush(instance: Instance): void {
    const { object } = instance;
    object.disk.flush();
    this.#hang(object);
    this.#world.safe(object);
    for (const send of instance.held.splice(0)) send();
  }

  // ── dying ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The instance is gone; what it had written a moment ago is lost, or just made it. */
  crash(instance: Instance, lose: boolean): void {
    const { object } = instance;
    if (lose) object.disk.lose();
    else object.disk.flush();
    object.instance = undefined;
    this.#unheard(instance);
    this.#end(instance);
    for (const line of object.lines) line.cut();
    this.#hang(object);
    this.#world.safe(object);
  }

  /** Another instance takes over from here on, and this one goes on for a while without knowing. */
  supersede(instance: Instance): void {
    const { clock, chance } = this.#world;
    const { object } = instance;
    instance.mute = object.disk.unsafe;
    instance.stale = true;
    object.disk.lose();
    object.instance = undefined;
    this.#unheard(instance);
    for (const line of object.lines) line.cut();
    this.#hang(object);
    clock.after(chance.between(0, STALE_AT_MOST_MS), undefined, `${object.stream} stale end`, () =>
      this.#end(instance),
    );
  }

  /** It has nothing to do and leaves memory; its sockets stay. */
  sleep(instance: Instance): void {
    instance.object.instance = undefined;
    instance.alive = false;
  }

  /** True when nothing is under way in it that the platform would wait for. */
  mayLeave(instance: Instance): boolean {
    return instance.taken.size === 0 && !instance.object.disk.unsafe && !this.#world.clock.awaits(instance);
  }

  #end(instance: Instance): void {
    instance.alive = false;
    instance.held.length = 0;
    for (const { fail } of instance.taken) fail();
    instance.taken.clear();
  }

  // ── alarms ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Alarms that were to be late are not late any more. */
  punctual(): void {
    for (const object of this.objects.values()) this.#hang(object);
  }

  #hang(object: SimulatedObject): void {
    if (object.ringing !== undefined) return;
    if (object.bell !== undefined) object.bell.cancelled = true;
    object.bell = undefined;
    const at = object.disk.safeAlarm;
    if (at === null) return;
    const { clock, chance, weather } = this.#world;
    const late = chance.maybe(weather().lateAlarm) ? LATE_AT_MOST_MS * chance.share() ** 4 : 0;
    this.#hangAt(object, at - clock.now + late);
  }

  #hangAt(object: SimulatedObject, delayMs: number): void {
    object.bell = this.#world.clock.after(delayMs, undefined, `${object.stream} alarm`, () => this.#ring(object));
  }

  #ring(object: SimulatedObject): void {
    const { disk } = object;
    object.bell = undefined;
    if (disk.alarm !== disk.safeAlarm) {
      this.#hangAt(object, 10); // it is being moved just now
      return;
    }
    disk.takeAlarm();
    const instance = this.awake(object);
    if (instance === undefined) {
      this.#failed(object);
      return;
    }
    object.ringing = instance;
    this.visit(instance, "alarm", [], ({ ok }) => {
      if (object.ringing !== instance) return;
      object.ringing = undefined;
      if (ok) this.#rang(object);
      else this.#failed(object);
    });
  }

  #rang(object: SimulatedObject): void {
    const { chance, weather } = this.#world;
    object.tries = 0;
    this.#hang(object);
    if (object.bell === undefined && chance.maybe(weather().doubleAlarm)) this.#hangAt(object, chance.between(0, 900));
  }

  /** An alarm that throws is tried again after two seconds, then four, six times in all; then the platform gives it up. */
  #failed(object: SimulatedObject): void {
    object.tries += 1;
    if (object.tries <= ALARM_RETRIES) object.disk.restoreAlarm(this.#world.clock.now + 1_000 * 2 ** object.tries);
    else object.tries = 0;
    this.#hang(object);
  }

  /** It died over its alarm: that was no fault of the alarm, which rings again. */
  #unheard(instance: Instance): void {
    const { object } = instance;
    if (object.ringing !== instance) return;
    object.ringing = undefined;
    object.disk.restoreAlarm(this.#world.clock.now + 1_000);
  }
}
