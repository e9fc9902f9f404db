/** What one listener of a study is asked, and in which order: the same for the same listener, after a reload, too. */

/** A new listener's number, 128 random bits. (crypto.randomUUID is missing on a page that came by plain http.) */
export function newParticipant() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A generator of numbers from 0 to 1, seeded by a text: FNV-1a, then Marsaglia's xorshift of 32 bits. */
export function seededRandom(text) {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 0x01000193) >>> 0;
  state ||= 1;
  return () => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return state / 2 ** 32;
  };
}

export function shuffled(list, random) {
  const mixed = [...list];
  for (let k = mixed.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [mixed[k], mixed[other]] = [mixed[other], mixed[k]];
  }
  return mixed;
}

/**
 * All steps of a listener. Parts come in their order, items within a part at random; of each part so many pairs (an item
 * and its control) as the study says.
 *
 * @returns {{part: number, item: object | null, question: object, sounds: string[]}[]} the first is the consent
 */
export function stepsOf(study, participant) {
  const random = seededRandom(`${study.seed} ${participant}`);
  const steps = [{ part: 0, item: null, question: { key: "consent" }, sounds: [] }];
  for (let part = 0; part < study.parts.length; part++) {
    const own = study.items.filter((item) => item.part === part);
    const pairs = [...new Set(own.map((item) => item.pair))];
    const of = (pair) => own.filter((item) => item.pair === pair);
    const items =
      part === 0
        ? pairs.flatMap((pair) => shuffled(of(pair), random)) // the three checks, one after the other
        : shuffled(shuffled(pairs, random).slice(0, study.pairs[part]).flatMap(of), random);
    for (const item of items) {
      const sounds = shuffled(item.sounds, random);
      const place = (question) => sounds.indexOf(question.sound);
      const questions = [...item.questions].sort((a, b) => place(a) - place(b)); // stable: most are about no one sound
      for (const question of questions) steps.push({ part, item, question, sounds });
    }
  }
  return steps;
}
