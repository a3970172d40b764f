// What is typed into a column of a ledger: read, and marked with the mistakes that Python sent along.
// value.py does the same; tests/cases/parameter_ledger.json proves that both agree.

const MOST = Number.MAX_SAFE_INTEGER;
export const TOTAL = "total";

// --- Reading ------------------------------------------------------------------------------------

const TOKEN = /\s*(\d{1,3}(?:[,_ '’\u2009\u202f]\d{3})+(?!\d)|\d+|\*\*|[-+*·×^²()])/y;

class Unreadable extends Error {}

function tokensOf(words) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match; TOKEN.lastIndex < words.length; found.push(match[1])) {
    const at = TOKEN.lastIndex;
    match = TOKEN.exec(words);
    if (!match) throw new Unreadable(words.slice(at));
  }
  return found;
}

function typedSmall(value) {
  if (Math.abs(value) > MOST) throw new Unreadable("too large");
  return value;
}

function typedAtom(tokens) {
  const token = tokens.shift();
  if (token === "(") {
    const value = typedSum(tokens);
    if (tokens.shift() !== ")") throw new Unreadable("a bracket is left open");
    return value;
  }
  if (!/^\d/.test(token ?? "")) throw new Unreadable(token);
  return typedSmall(Number(token.replace(/\D/g, "")));
}

function typedPower(tokens) {
  let value = typedAtom(tokens);
  while (["²", "^", "**"].includes(tokens[0])) {
    const exponent = tokens.shift() === "²" ? 2 : Number(tokens.shift());
    if (!(exponent <= 9)) throw new Unreadable("no count needs such a power");
    value = typedSmall(value ** exponent);
  }
  return value;
}

function typedProduct(tokens) {
  let value = typedPower(tokens);
  while (["*", "·", "×"].includes(tokens[0])) {
    tokens.shift();
    value = typedSmall(value * typedPower(tokens));
  }
  return value;
}

function typedSum(tokens) {
  let value = typedProduct(tokens);
  while (["+", "-"].includes(tokens[0])) {
    const sign = tokens.shift() === "+" ? 1 : -1;
    value = typedSmall(value + sign * typedProduct(tokens));
  }
  return value;
}

/** What a typed entry says: a whole number or a sum of products, or a shape of `sizes` numbers; else null. */
export function readEntry(words, sizes = 0) {
  if (sizes) {
    const inner = words.replace(/^\s*[([]|,?\s*[)\]]\s*$/g, "").trim();
    const parts = inner.split(/\s*[×x*·,;]\s*|\s+/);
    return parts.length === sizes && parts.every((part) => /^\d{1,9}$/.test(part)) ? parts.map(Number) : null;
  }
  try {
    const tokens = tokensOf(words.trimEnd());
    const value = typedSum(tokens);
    return tokens.length || value < 0 ? null : value;
  } catch (problem) {
    if (problem instanceof Unreadable) return null;
    throw problem;
  }
}

// --- Marking ------------------------------------------------------------------------------------

const NUMBER = "Type a whole number, or a sum such as 3*3*8*16 + 16.";
const SIZES = {
  3: "Type channels × height × width, such as 16×12×12.",
  1: "Type one number: the map is flat here.",
};
const sizesOf = (right) => (Array.isArray(right) ? right.length : 0);
const sameEntry = (one, other) => String(one) === String(other);

function verdictOf(ask, name, words, key, said, answer, lines) {
  const { right, wrong } = key[name];
  if (!words.trim()) return ["open", ""];
  if (answer === null) return ["unreadable", SIZES[sizesOf(right)] ?? NUMBER];
  if (sameEntry(answer, right)) return ["right", ""];
  const above = Object.entries(lines);
  if (name === TOTAL && above.every(([, value]) => value !== null)) {
    if (above.every(([line, value]) => sameEntry(value, key[line].right)))
      return ["sum", "Every line is right, but they do not add up to this."];
    if (above.reduce((all, [, value]) => all + value, 0) === answer)
      return ["sum", "Your lines add up to this: put the wrong ones right first."];
  }
  const found = (wrong.find(([value]) => sameEntry(value, answer))?.[1] ?? []).map((id) => said[`${ask}/${id}`]);
  if (found.length === 1) return ["mistake", `Perhaps ${found[0][0]}? ${found[0][1]}`];
  if (found.length) {
    const either = found.map(([when]) => when).join("; or ");
    return ["several", `Several mistakes give this: ${either}. ${found[0][1]}`];
  }
  return ["wrong", "This is none of the usual mistakes: go through your steps once more, one by one."];
}

/** Mark a column: a list of { name, typed, answer, verdict, shown, message }, as Python's mark does. */
export function markColumn(ask, key, said, typed, shown = []) {
  const names = Object.keys(key);
  const answers = names.map((name) => readEntry(typed[name] ?? "", sizesOf(key[name].right)));
  const entries = names.map((name, place) => [name, shown.includes(name) ? key[name].right : answers[place]]);
  const lines = Object.fromEntries(entries.filter(([name]) => name !== TOTAL));
  return names.map((name, place) => {
    const words = typed[name] ?? "";
    const [verdict, message] = verdictOf(ask, name, words, key, said, answers[place], lines);
    return { name, typed: words, answer: answers[place], verdict, shown: shown.includes(name), message };
  });
}
