/** Which messages say nothing but to leave off, in five languages, and which only begin or end like it. */
import { describe, expect, it } from "@effect/vitest";
import { callsOff } from "#events/room/calling-off.ts";

const agents = ["Ada", "Bo", "Ada Lovelace", "Dr. No"].map((name) => ({ name }));
const off = (text: string) => callsOff(text, agents);

describe("a call to leave off", () => {
  it.each([
    ...["stop", "STOP!!!", "Stop.", "stop stop stop", "please stop", "ok, stop", "stop it", "halt", "stop 🙏"],
    ...["@Ada stop", "@Ada never mind", "Never mind, @ada!", "Ada, stop!", "stop, Ada", "@Ada @Bo cancel that."],
    ...["@Ada Lovelace: forget it", "@Dr. No, stop", "@Eli @Ada nevermind", "that’s enough", "That's enough!"],
    ...["Stopp!", "abbrechen", "@Ada, hör auf!", "Ho\u0308r auf", "arrête", "¡Basta!", "lascia perdere"],
  ])("is %j", (text) => {
    expect(off(text)).toBe(true);
  });

  it.each([
    ...["no, stop", "wait, stop", "Wait wait, stop!", "No wait stop", "stop please", "Ada, stop please!", "just stop"],
    ...["actually never mind", "Actually, never mind.", "oh never mind", "oh well, never mind", "sorry, never mind"],
    ...["nevermind thanks", "never mind Ada, thank you", "@Ada never mind, found it", "found it, never mind"],
    ...["never mind - I figured it out", "ok cancel that, I’ve got it", "you can stop now", "hold on, stop!"],
    ...["nein, stopp", "Moment, stopp!", "ach, vergiss es", "warte, hör auf bitte", "vergiss es, hab's gefunden"],
    ...["hat sich erledigt, danke", "schon gut, danke dir", "bitte brich ab"],
    ...["non, arrête", "attends, arrête", "en fait laisse tomber", "laisse tomber, j’ai trouvé, merci"],
    ...["arrête s'il te plaît", "no, para", "espera, para", "cancela por favor", "mejor déjalo, ya lo encontré"],
    ...["no, fermati", "aspetta, fermati!", "anzi, lascia stare", "lascia perdere, ho trovato, grazie", "ora basta"],
  ])("is %j, whatever leads up to it or says why", (text) => {
    expect(off(text)).toBe(true);
  });

  it.each([
    ...["", "@Ada", "Ada", "please", "ok", "!!!", "hello", "stop the music", "don't stop", "never", "mind"],
    ...["Where is the bus stop?", "I can't stop laughing", "never mind the gap", "forget it is Monday"],
    ...["@Ada stop it from happening again", "cancel my meeting", "@Adam", "nonstop", "stop?x", "Stop sign"],
    `stop ${"!".repeat(300)}`,
  ])("is not %j", (text) => {
    expect(off(text)).toBe(false);
  });

  it.each([
    ...["never mind the noise, what is 2+2?", "stop words in search", "no, don't stop", "please don't stop"],
    ...["wait", "hold on", "no", "no thanks", "found it", "got it, thanks", "@Ada wait", "actually", "well enough"],
    ...["stop, that's wrong", "wait, stop where?", "never mind that, tell me a joke", "cancel. no, wait"],
    ...["no stop", "never stop", "oh, and stop at ten", "stop, then go on with the second", "good enough"],
    ...["hör nicht auf", "nein, nicht abbrechen", "genug Daten?", "vergiss es nicht", "danke"],
    ...["ne t'arrête pas", "annule ma commande", "non, c'est bon", "merci", "arrête le service web"],
    ...["no cancelar", "no basta", "para mañana", "no para", "gracias, ya lo encontré"],
    ...["non basta", "basta un esempio", "non fermarti", "grazie", "annulla l'ordine"],
  ])("is not %j, for it has something to say", (text) => {
    expect(off(text)).toBe(false);
  });
});
