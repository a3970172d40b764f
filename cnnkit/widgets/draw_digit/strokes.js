// Pen strokes as a small grey image: cnnkit/strokes.py once more (tests/cases/draw_digit.json proves them
// equal), and what a hand does to strokes: drawing, simplifying, erasing.

export const SIZE = 28; // of the image, in pixels
const MNIST_BOX = 20 / 28; // of the image's side: MNIST's digits were brought to 20 of 28 pixels
export const [MOST_POINTS, MOST_STROKES] = [2000, 200];

// --- The image ----------------------------------------------------------------------------------

/** The nearest whole number; of two that are equally near the even one, as numpy rounds. */
function rint(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below + (below % 2);
  return rest < 0.5 ? below : below + 1;
}

const eachPoint = (strokes, move) => strokes.map((stroke) => stroke.map(([x, y]) => move(x, y)));

/** Strokes turned counterclockwise about the middle of the image; y runs down. */
function turned(strokes, degrees) {
  const [cos, sin] = [Math.cos, Math.sin].map((of) => of((degrees * Math.PI) / 180));
  const middle = SIZE / 2;
  return eachPoint(strokes, (x, y) => {
    const [right, down] = [x - middle, y - middle];
    return [right * cos + down * sin + middle, down * cos - right * sin + middle];
  });
}

/** Strokes as large as MNIST's digits are, in the middle of the image. */
function fitted(strokes, width) {
  const points = strokes.flat();
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const longer = Math.max(right - left, bottom - top);
  const scale = longer > 0 ? Math.max(MNIST_BOX * SIZE - width, 0) / longer : 1;
  return eachPoint(strokes, (x, y) => [
    (x - (left + right) / 2) * scale + SIZE / 2,
    (y - (top + bottom) / 2) * scale + SIZE / 2,
  ]);
}

/** [x, y] of the mean place of what is white. */
export function centreOfMass(image) {
  let [total, x, y] = [0, 0, 0];
  image.forEach((value, place) => {
    total += value;
    x += value * ((place % SIZE) + 0.5);
    y += value * (Math.floor(place / SIZE) + 0.5);
  });
  return [x / Math.max(total, 1), y / Math.max(total, 1)];
}

/** The image of strokes as they lie: each pixel as bright as the pen covers it. */
function painted(strokes, width) {
  const nearest = new Float64Array(SIZE * SIZE).fill(Infinity); // squared distances
  const reach = width / 2 + 0.5;
  const cells = (...ends) => [
    Math.max(Math.floor(Math.min(...ends) - reach), 0),
    Math.min(Math.ceil(Math.max(...ends) + reach), SIZE),
  ];
  const segment = ([fromX, fromY], [toX, toY]) => {
    const [alongX, alongY] = [toX - fromX, toY - fromY];
    const length = alongX * alongX + alongY * alongY;
    const [left, right] = cells(fromX, toX);
    const [top, bottom] = cells(fromY, toY);
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const [x, y] = [column + 0.5 - fromX, row + 0.5 - fromY];
        const share = length > 0 ? Math.max(0, Math.min((x * alongX + y * alongY) / length, 1)) : 0;
        const [offX, offY] = [x - share * alongX, y - share * alongY];
        const place = row * SIZE + column;
        nearest[place] = Math.min(nearest[place], offX * offX + offY * offY);
      }
  };
  for (const stroke of strokes)
    if (stroke.length === 1) segment(stroke[0], stroke[0]);
    else for (let end = 1; end < stroke.length; end++) segment(stroke[end - 1], stroke[end]);
  const most = Math.min(width, 1);
  return Uint8Array.from(nearest, (far) => rint(255 * Math.max(0, Math.min(reach - Math.sqrt(far), most))));
}

/** The image moved by whole pixels, black where nothing comes in. */
function moved(image, right, down) {
  const found = new Uint8Array(SIZE * SIZE);
  for (let row = Math.max(down, 0); row < Math.min(SIZE + down, SIZE); row++)
    for (let column = Math.max(right, 0); column < Math.min(SIZE + right, SIZE); column++)
      found[row * SIZE + column] = image[(row - down) * SIZE + column - right];
  return found;
}

/** What the network gets of a drawing: SIZE * SIZE bytes, row after row; black where nothing is drawn. */
export function drawn({ strokes, width, centred, degrees, right, down }) {
  if (!strokes.length) return new Uint8Array(SIZE * SIZE);
  let lines = degrees ? turned(strokes, degrees) : strokes;
  if (centred) {
    lines = fitted(lines, width);
    // Two rounds: where the first one cut something off, its centre of mass was not the drawing's.
    for (let round = 0; round < 2; round++) {
      const [x, y] = centreOfMass(painted(lines, width));
      lines = eachPoint(lines, (pointX, pointY) => [pointX + SIZE / 2 - x, pointY + SIZE / 2 - y]);
    }
  }
  return moved(painted(lines, width), right, down);
}

/** The Python call that draws the image again: Drawing.code. */
export function drawingCode({ strokes, width, centred, degrees, right, down }) {
  if (!strokes.length) return `np.zeros((${SIZE}, ${SIZE}), np.uint8)`;
  const lines = strokes.map((stroke) => `[${stroke.map(([x, y]) => `(${x}, ${y})`).join(", ")}]`);
  const given = [
    `[${lines.join(", ")}]`,
    ...(width === 2.5 ? [] : [`width=${width}`]),
    ...(centred ? ["centred=True"] : []),
    ...(degrees ? [`degrees=${degrees}`] : []),
    ...(right || down ? [`shift=(${right}, ${down})`] : []),
  ];
  return `strokes.draw(${given.join(", ")})`;
}

// --- The hand -----------------------------------------------------------------------------------

/** Coordinates are kept to a tenth of a pixel, so that the code of a drawing is short. */
export const tenths = (value) => Math.round(10 * value) / 10 + 0;

const square = ([fromX, fromY], [toX, toY]) => (toX - fromX) ** 2 + (toY - fromY) ** 2;

/** How far a point is from the line between two others. */
function distance(point, from, to) {
  const length = square(from, to);
  const along = (point[0] - from[0]) * (to[0] - from[0]) + (point[1] - from[1]) * (to[1] - from[1]);
  const share = length ? Math.max(0, Math.min(along / length, 1)) : 0;
  const foot = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  return Math.sqrt(square(point, foot));
}

/** A stroke with fewer points, nowhere farther than `tolerance` from the old (Douglas & Peucker, 1973). */
export function simplified(stroke, tolerance = 0.15) {
  if (stroke.length < 3) return stroke;
  const [first, last] = [stroke[0], stroke.at(-1)];
  let [farthest, most] = [0, 0];
  for (let place = 1; place < stroke.length - 1; place++) {
    const far = distance(stroke[place], first, last);
    if (far > most) [farthest, most] = [place, far];
  }
  if (most <= tolerance) return [first, last];
  const before = simplified(stroke.slice(0, farthest + 1), tolerance);
  return [...before.slice(0, -1), ...simplified(stroke.slice(farthest), tolerance)];
}

/** Strokes without what lies in a disc; one that is cut through becomes two. */
export function erased(strokes, [x, y], radius) {
  return strokes.flatMap((stroke) => {
    const inside = ([pointX, pointY]) => (pointX - x) ** 2 + (pointY - y) ** 2 < radius * radius;
    if (stroke.length === 1) return inside(stroke[0]) ? [] : [stroke];
    const pieces = [[]];
    if (!inside(stroke[0])) pieces[0].push(stroke[0]);
    for (let end = 1; end < stroke.length; end++) {
      const cut = cutOut(stroke[end - 1], stroke[end], [x, y], radius);
      if (cut) {
        if (cut[0]) pieces.at(-1).push(cut[0]);
        pieces.push(cut[1] ? [cut[1]] : []);
      }
      if (!inside(stroke[end])) pieces.at(-1).push(stroke[end]);
    }
    return pieces.filter((piece) => piece.length > 1);
  });
}

/** Where a disc cuts the line between two points: the last point before it and the first after it, each null
    if the line begins or ends inside; null if it is not cut. */
function cutOut(from, to, [x, y], radius) {
  const [alongX, alongY] = [to[0] - from[0], to[1] - from[1]];
  const [offX, offY] = [from[0] - x, from[1] - y];
  const a = alongX * alongX + alongY * alongY;
  const b = offX * alongX + offY * alongY;
  const root = b * b - a * (offX * offX + offY * offY - radius * radius);
  if (a === 0 || root <= 0) return null;
  const [enter, leave] = [(-b - Math.sqrt(root)) / a, (-b + Math.sqrt(root)) / a];
  if (leave <= 0 || enter >= 1) return null;
  const at = (share) => [tenths(from[0] + share * alongX), tenths(from[1] + share * alongY)];
  return [enter > 0 ? at(enter) : null, leave < 1 ? at(leave) : null];
}
