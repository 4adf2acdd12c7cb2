/** `fanout`: how long a message needs to all sockets of a room, and what a delivery costs; beside a room that keeps nothing. */
import { budgets, type Part, percentile, rounds, type Scale } from "../figures.ts";
import { cpuMs, sleep } from "../processes.ts";
import { startTroupe, startWorker } from "../program.ts";
import { bareRoom, type Room, type Socket, troupeRoom } from "../rooms.ts";

const PER_SECOND = 10;
const CHARACTERS = 200;
const LATEST_MS = 5_000;

interface Crowd {
  readonly room: Room;
  readonly sockets: ReadonlyArray<Socket>;
  /** Milliseconds of every delivery that was counted. */
  readonly delays: number[];
}

/** A text that says when it was said. */
function stamped(): string {
  const stamp = `at ${performance.now()} `;
  return stamp.padEnd(CHARACTERS, "x");
}

async function crowd(room: Room, size: number): Promise<Crowd> {
  const delays: number[] = [];
  const heard = (text: string): void => {
    const said = /^at ([\d.]+) /.exec(text)?.[1];
    if (said !== undefined) delays.push(performance.now() - Number(said));
  };
  const sockets: Socket[] = [];
  for (let index = 0; index < size; index += 10) {
    const more = Array.from({ length: Math.min(10, size - index) }, (_, offset) => room.join(index + offset, heard));
    sockets.push(...(await Promise.all(more)));
  }
  return { room, sockets, delays };
}

/** Messages at an even pace, each from another socket; then waits until all have arrived, or it is too late. */
async function speak({ sockets, delays }: Crowd, messages: number): Promise<number> {
  delays.length = 0;
  const begun = performance.now();
  for (let index = 0; index < messages; index++) {
    await sleep(Math.max(0, begun + (index * 1_000) / PER_SECOND - performance.now()));
    sockets[(index * 7) % sockets.length]!.speak(stamped());
  }
  const expected = messages * sockets.length;
  for (let waited = 0; waited < LATEST_MS && delays.length < expected; waited += 20) await sleep(20);
  return expected;
}

async function observed(people: Crowd, seconds: number) {
  const { pid } = people.room.program;
  const before = cpuMs(pid);
  const expected = await speak(people, seconds * PER_SECOND);
  const { delays } = people;
  return {
    ...{ p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), lost: expected - delays.length },
    cpu: ((cpuMs(pid) - before) * 1_000) / expected,
  };
}

/** The two rooms take turns with the same minute of talk. */
async function compare(house: Crowd, bare: Crowd, { quick, rounds: count }: Scale) {
  const seconds = quick ? 2 : 10;
  // Twenty messages: everybody has spoken once, so that their keys are at hand.
  for (const people of [house, bare]) await speak(people, 20);
  return rounds(count, async () => {
    const own = await observed(house, seconds);
    const reference = await observed(bare, seconds);
    return {
      ...own,
      ...{ bareP50: reference.p50, bareP99: reference.p99, bareLost: reference.lost, bareCpu: reference.cpu },
    };
  });
}

export const fanout: Part = {
  name: "fanout",
  about:
    "one room full of sockets, ten messages a second of 200 characters; bare: a room that sends on and keeps nothing",
  async measure(scale) {
    const size = scale.quick ? 40 : 200;
    const troupe = await startTroupe("http://127.0.0.1:9");
    const worker = await startWorker();
    const crowds: Crowd[] = [];
    try {
      crowds.push(await crowd(await troupeRoom(troupe), size), await crowd(bareRoom(worker), size));
      const found = await compare(crowds[0]!, crowds[1]!, scale);
      const name = (what: string) => `${size} sockets: ${what}`;
      return {
        figures: [
          { name: name("post → delivery p50"), unit: "ms", rounds: found.p50, bare: found.bareP50 },
          {
            ...{ name: name("post → delivery p99"), unit: "ms", rounds: found.p99, bare: found.bareP99 },
            budget: budgets.deliveryMs,
          },
          { name: name("lost"), unit: "messages", rounds: found.lost, bare: found.bareLost, budget: budgets.lost },
          {
            ...{ name: name("server CPU per delivery"), unit: "µs", rounds: found.cpu, bare: found.bareCpu },
            budget: budgets.deliveryCpuRatio,
          },
        ],
        notes: [
          "clients and server share this machine; Troupe's room stores, seals and numbers a message before it sends it",
          "the budget of the house speaks of a delivery; p99 is held against it",
        ],
      };
    } finally {
      for (const { sockets } of crowds) for (const socket of sockets) socket.close();
      await Promise.all([troupe.end(), worker.end()]);
    }
  },
};
