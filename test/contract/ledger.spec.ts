/** The ledger's contract on node:sqlite. */
import { nodeSql } from "../support/sqlite.ts";
import { ledgerContract } from "./ledger.ts";
import { sealingContract } from "./sealing.ts";
import { turningContract } from "./turning.ts";

ledgerContract((body) => body(nodeSql()));
sealingContract((body) => body(nodeSql()));
turningContract((body) => body(nodeSql()));
