/** A model server that speaks at a pace, or holds a reply open, and says when it said what; a program of its own: `node bench/paced-model.ts <port>`. */
import type { ServerResponse } from "node:http";
import { pathToFileURL } from "node:url";
import { asked, prose, serveModel } from "./model-wire.ts";
import { machineMs, sleep } from "./processes.ts";

/** One reply, in milliseconds of the machine's clock. */
export interface PacedReply {
  readonly marker: string;
  readonly firstPieceAt: number;
  /** When the first sentence was whole: with the blank behind it. */
  readonly firstSentenceAt: number;
  readonly lastPieceAt: number;
}

/** How the streams stand. */
export interface Streams {
  readonly held: number;
  /** Those that came to their end and were not told before. */
  readonly replies: ReadonlyArray<PacedReply>;
}

/** Ten words, as the pieces of a real tokenizer: the blank comes with the word behind it. */
const SENTENCE = " The path goes up along the river to a hut.".match(/ \S+/g)!;
export const WORDS_A_SENTENCE = SENTENCE.length;
/** A held stream says a sentence this often: silence for thirty seconds would be taken for the end of it. */
const SIGN_OF_LIFE_MS = 5_000;

const word = (index: number): string => {
  const said = SENTENCE[index % WORDS_A_SENTENCE]!;
  return index === 0 ? said.trimStart() : said;
};

/** Says so many words at an even pace; what is late is said together. */
async function speak(say: (text: string) => void, words: number, perSecond: number) {
  const begun = machineMs();
  let firstSentenceAt = begun;
  for (let said = 0; said < words; ) {
    const now = machineMs();
    const due = Math.min(words, 1 + Math.floor(((now - begun) * perSecond) / 1_000));
    if (said <= WORDS_A_SENTENCE && due > WORDS_A_SENTENCE) firstSentenceAt = now;
    while (said < due) say(word(said++));
    if (said < words) await sleep(Math.max(1, begun + (said * 1_000) / perSecond - machineMs()));
  }
  return { firstPieceAt: begun, firstSentenceAt, lastPieceAt: machineMs() };
}

class Held {
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Says a sentence now and then, until it is let go or nobody listens any more. */
  until(response: ServerResponse, say: () => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = setInterval(say, SIGN_OF_LIFE_MS);
      const end = () => {
        clearInterval(timer);
        this.#waiting.delete(end);
        resolve();
      };
      this.#waiting.add(end);
      if (response.closed) end();
      else response.once("close", end);
    });
  }

  release(): void {
    for (const end of [...this.#waiting]) end();
  }
}

function serve(port: number): void {
  const replies: PacedReply[] = [];
  const held = new Held();
  const control = (path: string): Streams => {
    if (path === "/release") held.release();
    return { held: held.size, replies: path === "/replies" ? replies.splice(0) : [] };
  };
  serveModel(port, control, async (request, response, id) => {
    const { model, words, marker } = await asked(request);
    const { open, piece, close } = prose(id, model);
    const say = (text: string) => void response.write(piece(text));
    response.write(open);
    const [, count, perSecond] = /\[pace (\d+) (\d+)\]/.exec(words) ?? [];
    const spoken = await speak(say, Number(count ?? 2 * WORDS_A_SENTENCE), Number(perSecond ?? 1_000));
    if (words.includes("[hold]")) await held.until(response, () => say(SENTENCE.join("")));
    response.once("finish", () => replies.push({ marker, ...spoken }));
    response.end(close);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serve(Number(process.argv[2]));
