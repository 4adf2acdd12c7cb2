/** The contract of the index of memories once more where it counts: on the SQLite of a Durable Object. */
import { runInDurableObject } from "cloudflare:test";
import { durableSql } from "#actors/kit/sql.ts";
import { recallContract } from "../memory/recall-contract.ts";
import { bindings, fresh } from "../support/door.ts";

recallContract((body) =>
  runInDurableObject(bindings.ROOM.getByName(fresh("memories")), (_room, { storage }) => body(durableSql(storage))),
);
