/** `projection`: how many events a second the read models in D1 take, at the batches of life and of a rebuild. */
import type { Delivery } from "../delivery.ts";
import { budgets, type Figure, type Part, rounds } from "../figures.ts";
import type { Timed } from "../objects/log.ts";
import { startWorker } from "../program.ts";
import { call } from "../requests.ts";

export const projection: Part = {
  name: "projection",
  about: "an agent's log into D1 through `deliver`, all its projections; bare: one INSERT per event into one table",
  async measure({ quick, rounds: count }) {
    const program = await startWorker();
    const speed = async (path: string, delivery: Delivery): Promise<number> => {
      const { events, ms } = await call<Timed>("POST", `${program.url}/${path}`, delivery);
      return (events * 1_000) / Math.max(ms, 1);
    };
    try {
      await speed("deliver", { label: "warm-up", count: 200, batch: 20 });
      await speed("deliver-bare", { label: "warm-up", count: 200, batch: 20 });
      const loads = [
        { batch: 1, count: quick ? 20 : 500 },
        { batch: 100, count: quick ? 500 : 10_000 },
        { batch: 1_000, count: quick ? 1_000 : 20_000, budget: budgets.rebuildPerSecond },
      ];
      const figures: Figure[] = [];
      for (const { budget, ...load } of loads) {
        const found = await rounds(count, async (round) => {
          const delivery = { ...load, label: `${load.batch}-${round}` };
          return { house: await speed("deliver", delivery), bare: await speed("deliver-bare", delivery) };
        });
        figures.push({
          ...{ name: `${load.batch} events a batch`, unit: "events/s", rounds: found.house, bare: found.bare },
          ...(budget === undefined ? {} : { budget }),
        });
      }
      const notes = [
        "each projection has its own cursor and batch, as in the feeds; events that none reads count as delivered",
        "D1 has one writer: with many agents at once these are the sum of all, not the speed of each",
      ];
      return { figures, notes };
    } finally {
      await program.end();
    }
  },
};
