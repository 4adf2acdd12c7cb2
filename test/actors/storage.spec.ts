/** The contracts of the log and of sealing, once more where they count: on the SQLite of a Durable Object. */
import { runInDurableObject } from "cloudflare:test";
import { durableSql } from "#actors/kit/sql.ts";
import { ledgerContract, type WithSql } from "../contract/ledger.ts";
import { sealingContract } from "../contract/sealing.ts";
import { turningContract } from "../contract/turning.ts";
import { bindings, fresh } from "../support/door.ts";

/** An object that has never been spoken to: its storage is empty. */
const inAnObject: WithSql = (body) =>
  runInDurableObject(bindings.ROOM.getByName(fresh("storage")), (_room, { storage }) => body(durableSql(storage)));

ledgerContract(inAnObject);
sealingContract(inAnObject);
turningContract(inAnObject);
