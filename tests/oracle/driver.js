// Real ConvNetJS behind a pipe: a JSON command a line comes in, its answer goes out as a line.
// Volumes cross as flat lists in ConvNetJS's own order.
"use strict";

const readline = require("readline");

let convnetjs, net, trainer;

function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function vol({ size: [sx, sy, depth], w }) {
  const made = new convnetjs.Vol(sx, sy, depth, 0);
  w.forEach((value, place) => { made.w[place] = value; });
  return made;
}

const commands = {
  // a fresh library, for it keeps a spare Gaussian number from call to call
  seed(state) {
    delete require.cache[require.resolve("convnetjs")];
    Math.random = mulberry32(state);
    convnetjs = require("convnetjs");
  },
  random: (count) => Array.from({ length: count }, () => Math.random()),
  gauss: (count) => Array.from({ length: count }, () => convnetjs.randn(0, 1)),
  // what the demo does with the text of its box
  run(text) {
    globalThis.convnetjs = convnetjs;
    (0, eval)(text);
    ({ net, trainer } = globalThis);
  },
  make: (defs) => { net = new convnetjs.Net(); net.makeLayers(defs); },
  load: (text) => { net = new convnetjs.Net(); net.fromJSON(JSON.parse(text)); },
  save: () => JSON.stringify(net.toJSON()),
  sizes: () => net.layers.map((layer) => [layer.layer_type, layer.out_sx, layer.out_sy, layer.out_depth]),
  trainer: (options) => { trainer = new convnetjs.SGDTrainer(net, options); },
  options: (changed) => {
    Object.assign(trainer, changed);
    const { method, learning_rate, momentum, batch_size, l1_decay, l2_decay, ro, eps } = trainer;
    return { method, learning_rate, momentum, batch_size, l1_decay, l2_decay, ro, eps };
  },
  train({ x, y }) {
    const before = process.cpuUsage();
    const stats = x.map((volume, place) => trainer.train(vol(volume), y[place]));
    const { user, system } = process.cpuUsage(before);
    return { stats, cpu: (user + system) / 1e6 };
  },
  forward: (x) => x.map((volume) => Array.from(net.forward(vol(volume)).w)),
  augment: ({ x, rest }) => x.map((volume) => Array.from(convnetjs.augment(vol(volume), ...rest).w)),
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, argument] = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ answer: commands[name](argument) })}\n`);
});
