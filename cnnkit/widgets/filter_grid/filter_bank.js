// A bank of filters as colours: cnnkit.filters.normalised once more (tests/cases/filter_grid.json).

import { fullColour } from "../parts/maps.js";
import { range } from "../parts/page.js";

/** How to draw a bank (F, C, height, width) of weights: shade(filter, place) gives a share of the signed
    scale, 0.5 for a weight of 0, or [red, green, blue] of three channels together; `most` is each filter's
    full colour.

    The scale is that of all channels, so that it stays when another channel is looked at. */
export function bankShades(weights, [count, channels, height, width], { shared, channel }) {
  const [each, plane] = [channels * height * width, height * width];
  const most = fullColour(weights, count, shared);
  const share = (filter, place) => 0.5 + weights[filter * each + place] / (2 * most[filter]);
  if (channel < 0 && channels === 3) {
    const shade = (filter, place) => [0, 1, 2].map((c) => share(filter, c * plane + place));
    return { most, scale: null, shade };
  }
  const start = Math.max(channel, 0) * plane;
  return { most, scale: "signed", shade: (filter, place) => share(filter, start + place) };
}

/** All that bankShades would draw, tile after tile. */
export function bankPixels(weights, shape, settings) {
  const { shade, most } = bankShades(weights, shape, settings);
  const tile = (filter) => range(0, shape[2] * shape[3]).map((place) => shade(filter, place));
  return { tiles: range(0, shape[0]).map(tile), most };
}
