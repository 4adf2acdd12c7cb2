/** The walls of the house as rules over its files: who may import whom (house.md II.2), and the habits that keep the floors apart. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { type ESTree, parseSync, Visitor } from "vite";

interface Import {
  readonly line: number;
  /** A path inside the house, or the name of a package. */
  readonly to: string;
  readonly inside: boolean;
  readonly spelled: string;
  /** True when nothing of it is left at run time; it counts all the same. */
  readonly typesOnly: boolean;
}
interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: ReadonlyArray<Import>;
  readonly program: ESTree.Program;
  readonly lineAt: (offset: number) => number;
}
type House = ReadonlyMap<string, Source>;
type Violation = readonly [file: string, line: number, why: string];

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const folders = ["events", "projections", "actors", "src", "web", "test", "bench", "scripts"];
const left = /(^|\/)(\..+|node_modules|dist|public|museum|results)(\/|$)/;
const root = join(import.meta.dirname, "../..");

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (left.test(path)) continue;
    if (entry.isDirectory()) yield* filesIn(path);
    else if (/\.(m?tsx?|css)$/.test(path)) yield path;
  }
}

/** `#actors/kit/x.ts` and `../kit/x.ts` as a path inside the house; a package by its name. */
function resolve(file: string, spelled: string): Pick<Import, "to" | "inside"> {
  if (spelled.startsWith("#")) return { to: spelled.slice(1), inside: true };
  if (spelled.startsWith(".")) return { to: posix.join(dirname(file), spelled), inside: true };
  const depth = spelled.startsWith("@") ? 2 : 1;
  return { to: spelled.startsWith("node:") ? spelled : spelled.split("/").slice(0, depth).join("/"), inside: false };
}

function parse(file: string, text: string): Source {
  const { module, program } = parseSync(file, file.endsWith(".css") ? "" : text);
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const found: Array<readonly [at: number, spelled: string, typesOnly: boolean]> = [];
  for (const { moduleRequest, entries } of module.staticImports)
    found.push([moduleRequest.start, moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType)]);
  for (const { entries } of module.staticExports)
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest) found.push([moduleRequest.start, moduleRequest.value, isType]);
  for (const { moduleRequest } of module.dynamicImports)
    found.push([moduleRequest.start, text.slice(moduleRequest.start + 1, moduleRequest.end - 1), false]);
  new Visitor({
    TSImportType: ({ source }) => void found.push([source.start, source.value, true]),
  }).visit(program);
  const imports = found.map(([at, spelled, typesOnly]) => ({
    ...{ line: lineAt(at), spelled, typesOnly },
    ...resolve(file, spelled),
  }));
  return { file, text, imports, program, lineAt };
}

/** A house of these files. */
export const houseOf = (files: Iterable<readonly [string, string]>): House =>
  new Map(Array.from(files, ([file, text]) => [file, parse(file, text)]));

/** The house that this file stands in. */
export const readHouse = (): House =>
  houseOf(
    folders.flatMap((folder) =>
      [...filesIn(folder)].map((file): [string, string] => [file, readFileSync(join(root, file), "utf8")]),
    ),
  );

// ── who may import whom ─────────────────────────────────────────────────────────────────────────────────────────────

/** What a row lets in: paths inside the house (`types:` in front when only their types), and packages. */
type Row = readonly [from: RegExp, inside: ReadonlyArray<RegExp | { readonly types: RegExp }>, packages: RegExp];

const ports = /^actors\/agent\/turn\/(ports|memory-ports|failures)\.ts$/;
const frames = /^actors\/room\/frames\.ts$/;
const anything = /./;

/** The table of house.md II.2, top to bottom; the first row that fits a file is the one that counts. */
const table: ReadonlyArray<Row> = [
  [/^events\//, [/^events\//], /^effect$/],
  [/^projections\//, [/^events\//, /^projections\//], /^effect$/],
  [/^actors\/agent\/turn\//, [/^events\//, /^actors\/agent\/turn\//], /^effect$/],
  // What can be read from words alone; knows no log, no turn and no platform.
  [/^actors\/agent\/memory\/language\//, [/^actors\/agent\/memory\/language\//], /^(?:stemmer|stopword)$/],
  [/^actors\/kit\/seal\.ts$/, [/^events\//, /^actors\//], /^(effect|node:crypto)$/],
  [
    /^actors\//,
    [/^events\//, /^actors\//, /^projections\/(index|kit\/(deliver|caches))\.ts$/, { types: /^projections\/kit\// }],
    /^(effect|partyserver|cloudflare:.+)$/,
  ],
  ...["models", "tools", "memory"].map(
    (folder): Row => [new RegExp(`^src/${folder}/`), [/^events\//, ports, new RegExp(`^src/${folder}/`)], anything],
  ),
  [
    /^src\/http\//,
    [/^events\//, /^projections\/queries\.ts$/, frames, { types: /^actors\// }, /^src\//],
    /^(effect|partyserver|cloudflare:.+|@clerk\/backend)$/,
  ],
  [/^src\/worker\.ts$/, [anything], anything],
  [/^src\/env\.ts$/, [/^events\//, { types: /^(actors|src)\// }], /^effect$/],
  [
    /^(web|src\/client|src\/cli)\//,
    [/^events\/(kit\/ids|\w+\/events)\.ts$/, frames, /^src\/http\/api\.ts$/, /^web\//],
    anything,
  ],
  [/^scripts\/verify-chain\.ts$/, [], /^node:/],
  [/^(test|bench|scripts)\//, [anything], anything],
  [/^[^/]+$/, [anything], anything],
];

const floorOf = (file: string): string => file.split("/")[0]!;
const common = /^(effect|partyserver|node:.+|cloudflare:.+)$/;

/** Packages that more than one file of the house's own floors imports: an SDK belongs in one file. */
function spreadPackages(house: House): ReadonlyArray<Violation> {
  const homes = new Map<string, string>();
  return [...house.values()].flatMap(({ file, imports }) =>
    imports.flatMap(({ to, inside, line }): ReadonlyArray<Violation> => {
      if (inside || common.test(to) || !/^(events|projections|actors|src)\//.test(file)) return [];
      const home = homes.get(to) ?? file;
      homes.set(to, home);
      return home === file ? [] : [[file, line, `${to} has its home in ${home}`]];
    }),
  );
}

const mayImport = (row: Row, { inside, to, typesOnly }: Import): boolean =>
  inside
    ? row[1].some((allowed) => (allowed instanceof RegExp ? allowed.test(to) : typesOnly && allowed.types.test(to)))
    : row[2].test(to);

function brokenWalls(house: House): ReadonlyArray<Violation> {
  return [...house.values()].flatMap(({ file, imports }) => {
    const row = table.find(([from]) => from.test(file));
    if (row === undefined) return [[file, 1, "has no row in the table of imports"] as const];
    return imports
      .filter((found) => !mayImport(row, found))
      .map(({ line, to, typesOnly }): Violation => [file, line, `may not import ${typesOnly ? "types of " : ""}${to}`]);
  });
}

/** Folder-private imports are relative, those that cross a wall begin with `#`, so that every crossing can be found. */
const hiddenCrossings = (house: House): ReadonlyArray<Violation> =>
  [...house.values()].flatMap(({ file, imports }) =>
    imports
      .filter(({ inside, spelled, to }) => inside && spelled.startsWith(".") && floorOf(to) !== floorOf(file))
      .filter(({ to }) => /^(events|projections|actors|src)\//.test(to))
      .map(({ line, spelled }): Violation => [file, line, `${spelled} crosses a wall and should begin with #`]),
  );

/** Each ring of files that import one another, told at the import that closes it. */
function cycles(house: House): ReadonlyArray<Violation> {
  const done = new Set<string>();
  const found: Violation[] = [];
  const walk = (file: string, path: ReadonlyArray<string>): void => {
    for (const { to, inside, line } of house.get(file)?.imports ?? []) {
      if (!inside || !house.has(to) || done.has(to)) continue;
      const start = [...path, file].indexOf(to);
      if (start >= 0) found.push([file, line, `closes a ring: ${[...path.slice(start), file, to].join(" → ")}`]);
      else walk(to, [...path, file]);
    }
    done.add(file);
  };
  for (const file of house.keys()) if (!done.has(file)) walk(file, []);
  return found;
}

// ── what may be said where ──────────────────────────────────────────────────────────────────────────────────────────

type Told = (node: { readonly start: number }, why: string) => void;

/** Walks the files that fit, and gathers what their visitors tell. */
const walking =
  (where: RegExp, visitor: (tell: Told, source: Source) => ConstructorParameters<typeof Visitor>[0]) =>
  (house: House): ReadonlyArray<Violation> =>
    [...house.values()]
      .filter(({ file }) => where.test(file))
      .flatMap((source) => {
        const found: Violation[] = [];
        const tell: Told = ({ start }, why) => void found.push([source.file, source.lineAt(start), why]);
        new Visitor(visitor(tell, source)).visit(source.program);
        return found;
      });

const memberName = (node: ESTree.MemberExpression): string =>
  node.object.type === "Identifier" && node.property.type === "Identifier"
    ? `${node.object.name}.${node.property.name}`
    : "";

const chance = /^(Date\.now|performance\.now|Math\.random|crypto\.(randomUUID|getRandomValues)|console\.\w+)$/;

const strayChance = walking(/^(?!actors\/kit\/|src\/env\.ts$)(events|projections|actors|src)\//, (tell) => ({
  MemberExpression: (node) => {
    if (chance.test(memberName(node))) tell(node, `${memberName(node)} belongs in actors/kit or src/env.ts`);
  },
  NewExpression: (node) => {
    if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0)
      tell(node, "new Date() reads the clock, which belongs in actors/kit or src/env.ts");
  },
}));

/** Untrusted text becomes a value and gets its shape in the same declaration, or its shape is forgotten. */
const shapelessJson = walking(/^(events|projections|actors|src|web)\//, (tell, { program, text }) => ({
  MemberExpression: (node) => {
    if (memberName(node) !== "JSON.parse") return;
    const around = program.body.find(({ start, end }) => start <= node.start && node.end <= end)!;
    if (!/\bSchema\.(decode|is\b|asserts)/.test(text.slice(around.start, around.end)))
      tell(node, "JSON.parse without a Schema beside it");
  },
}));

const openedWords = walking(/^events\//, (tell) => ({
  ImportDeclaration: (node) => {
    const values = node.importKind === "type" ? [] : node.specifiers;
    for (const found of values)
      if (found.local.name === "Redacted" && !(found.type === "ImportSpecifier" && found.importKind === "type"))
        tell(found, "words stay wrapped on this floor: Redacted may be imported as a type only");
  },
  MemberExpression: (node) => {
    if (memberName(node) === "Redacted.value") tell(node, "words stay wrapped on this floor");
  },
}));

/** The breath of a commit [L6]: `commit` and every method of the ledger that it reaches hold nothing that waits. */
const heldBreath = walking(/^actors\/kit\/ledger\.ts$/, (tell, { text }) => ({
  ClassDeclaration: (node) => {
    if (node.id?.name !== "Ledger") return;
    const methods = new Map(
      node.body.body.flatMap((member) =>
        member.type === "MethodDefinition" ? [[text.slice(member.key.start, member.key.end), member] as const] : [],
      ),
    );
    const reached = new Set(["commit"]);
    for (const name of reached) {
      const method = methods.get(name);
      if (method === undefined) continue;
      const body = text.slice(method.start, method.end);
      if (/\b(async|await|Promise|then|setTimeout|queueMicrotask)\b/.test(body.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "")))
        tell(method, `${name} is part of a commit and may not wait`);
      for (const [, called] of body.matchAll(/this\.(#?\w+)\(/g)) reached.add(called!);
    }
    if (!methods.has("commit")) tell(node, "the ledger has no commit");
  },
}));

// ── habits ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const perFile =
  (fault: (source: Source) => readonly [line: number, why: string] | undefined) =>
  (house: House): ReadonlyArray<Violation> =>
    [...house.values()].flatMap((source) => {
      const found = fault(source);
      return found === undefined ? [] : [[source.file, ...found] as const];
    });

const LONGEST = 400;
const tooLong = perFile(({ text }) => {
  const lines = text.trimEnd().split("\n").length;
  return lines > LONGEST ? [LONGEST + 1, `has ${lines} lines, ${LONGEST} are enough`] : undefined;
});

const unopened = perFile(({ file, text }) =>
  /^\/\*\*?\s+[^*]*?\S[^*]*?\.\s/.test(text.replace(/\n \*(?!\/)/g, "\n")) || file.endsWith(".css")
    ? undefined
    : [1, "does not open with a sentence that says what it is"],
);

const misnamed = perFile(({ file }) => {
  const parts = file.split("/");
  const stranger = parts.find((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part));
  if (stranger !== undefined) return [1, `${stranger} is not kebab-case`];
  return parts.some((part) => /^(utils?|helpers?|misc|common)\b/.test(part))
    ? [1, "is named after nothing in particular"]
    : undefined;
});

// ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const rules = {
  "imports follow the table": brokenWalls,
  "an SDK is known to one file": spreadPackages,
  "crossings of walls begin with #": hiddenCrossings,
  "no ring of imports, types included": cycles,
  "time, chance and the console have their places": strayChance,
  "JSON is parsed beside a schema": shapelessJson,
  "[L3] no word is opened where decisions are made": openedWords,
  "[L6] a commit is one breath": heldBreath,
  "no file over 400 lines": tooLong,
  "every file says what it is": unopened,
  "names are kebab-case nouns": misnamed,
} satisfies Record<string, (house: House) => ReadonlyArray<Violation>>;
export type Rule = keyof typeof rules;

/** `file:line why`, one each. */
export const told = (violations: ReadonlyArray<Violation>): ReadonlyArray<string> =>
  violations.map(([file, line, why]) => `${file}:${line} ${why}`);
