// A network's forward pass in the page: one image, layer after layer, as torch computes it in evaluation mode
// (tests/test_forward.py draws networks and images, and compares). forward_pass.py says what a layer here is.

/** Every layer's output, as Float32Arrays (channel, row, column); `input` is normalised. */
export function forward(layers, weights, input) {
  let x = Float32Array.from(input);
  return layers.map((layer) => (x = RULES[layer.kind](x, layer, weights)));
}

/** What a softmax makes of scores. */
export function softmax(scores) {
  const most = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const RULES = {
  conv,
  linear,
  maxpool: (x, layer) => pooled(x, layer, -Infinity, Math.max, (most) => most),
  avgpool: (x, layer) => pooled(x, layer, 0, (sum, value) => sum + value, (sum, count) => sum / count),
  batchnorm,
  relu: (x) => x.map((value) => (value < 0 ? 0 : value)), // what is no number stays none, as in torch
  relu6: (x) => x.map((value) => Math.min(Math.max(value, 0), 6)),
  sigmoid: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
  tanh: (x) => x.map(Math.tanh),
  same: (x) => x,
};

const part = (weights, [start, count]) => weights.subarray(start, start + count);

/** The input with its padding of zeros, and its two sizes: no window then leaves it. */
function padded(x, [channels, height, width], [[top, bottom], [left, right]]) {
  const [tall, wide] = [top + height + bottom, left + width + right];
  const found = new Float32Array(channels * tall * wide);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++) {
      const from = (channel * height + row) * width;
      found.set(x.subarray(from, from + width), (channel * tall + top + row) * wide + left);
    }
  return [found, tall, wide];
}

function conv(x, layer, weights) {
  const [filters, height, width] = layer.output_shape;
  const [source, tall, wide] = padded(x, layer.input_shape, layer.pads);
  const [weight, bias] = [part(weights, layer.weight), layer.bias && part(weights, layer.bias)];
  const depth = layer.input_shape[0] / layer.groups;
  const [tapRows, tapColumns] = layer.kernel;
  const [stepDown, stepRight] = layer.stride;
  const [apartDown, apartRight] = layer.dilation;
  const found = new Float32Array(filters * height * width);
  const sums = new Float64Array(height * width); // torch sums in blocks, this in doubles: both near the truth
  let tap = 0;
  for (let filter = 0; filter < filters; filter++) {
    sums.fill(bias ? bias[filter] : 0);
    const first = Math.floor((filter * layer.groups) / filters) * depth;
    for (let channel = first; channel < first + depth; channel++)
      for (let tapRow = 0; tapRow < tapRows; tapRow++)
        for (let tapColumn = 0; tapColumn < tapColumns; tapColumn++) {
          const factor = weight[tap++];
          for (let row = 0; row < height; row++) {
            let from = (channel * tall + row * stepDown + tapRow * apartDown) * wide + tapColumn * apartRight;
            const end = (row + 1) * width;
            for (let to = row * width; to < end; to++, from += stepRight) sums[to] += factor * source[from];
          }
        }
    found.set(sums, filter * height * width);
  }
  return found;
}

function linear(x, layer, weights) {
  const [weight, bias] = [part(weights, layer.weight), layer.bias && part(weights, layer.bias)];
  const features = layer.input_shape[0];
  return Float32Array.from({ length: layer.output_shape[0] }, (_, unit) => {
    let sum = bias ? bias[unit] : 0;
    for (let feature = 0; feature < features; feature++)
      sum += weight[unit * features + feature] * x[feature];
    return sum;
  });
}

function batchnorm(x, layer, weights) {
  const [scale, shift] = [part(weights, layer.scale), part(weights, layer.shift)];
  const each = x.length / scale.length; // places of a channel
  return x.map((value, place) => value * scale[Math.floor(place / each)] + shift[Math.floor(place / each)]);
}

/** Pooling; `join` takes in the next value, `finish` gets how many there were, those of the padding included
    as torch counts them in a mean. */
function pooled(x, layer, start, join, finish) {
  const [channels, inHeight, inWidth] = layer.input_shape;
  const [, height, width] = layer.output_shape;
  const { kernel, stride, dilation, pads } = layer;
  const found = new Float32Array(channels * height * width);
  let place = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const [top, left] = [row * stride[0] - pads[0][0], column * stride[1] - pads[1][0]];
        let value = start;
        for (let kernelRow = 0; kernelRow < kernel[0]; kernelRow++) {
          const y = top + kernelRow * dilation[0];
          if (y < 0 || y >= inHeight) continue;
          for (let kernelColumn = 0; kernelColumn < kernel[1]; kernelColumn++) {
            const at = left + kernelColumn * dilation[1];
            if (at >= 0 && at < inWidth) value = join(value, x[(channel * inHeight + y) * inWidth + at]);
          }
        }
        const tall = Math.min(top + kernel[0], inHeight + pads[0][1]) - top;
        const wide = Math.min(left + kernel[1], inWidth + pads[1][1]) - left;
        found[place++] = finish(value, tall * wide);
      }
  return found;
}
