/** The contract of the index of memories on node:sqlite. */
import { nodeSql } from "../support/sqlite.ts";
import { recallContract } from "./recall-contract.ts";

recallContract((body) => body(nodeSql()));
