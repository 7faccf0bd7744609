// What the page brings along: numbers of the package, pictures and features of the characters, the compiled lab.

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);

// A part of the page that is gzip in base64.
async function unpacked(id) {
  const packed = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Rows: every exemplar of the training classes, class by class, then one exemplar of each unseen class.
const rowOf = (set, row) =>
  set === "unseen_classes"
    ? facts.mostClasses * facts.exemplars + row
    : set === "held_out_exemplars"
      ? Math.floor(row / (facts.exemplars - 1)) * facts.exemplars + 1 + (row % (facts.exemplars - 1))
      : row * facts.exemplars;

let features, pictures; // filled by `unpack`
async function unpack() {
  const [bytes, bits] = await Promise.all([unpacked("features"), unpacked("pictures")]);
  const n = bytes.length / 3; // numbers in three planes of bytes, the lowest first
  features = Float32Array.from(
    { length: n },
    (_, i) => (bytes[i] + 256 * bytes[n + i] + 65536 * bytes[2 * n + i]) / facts.unit,
  );
  pictures = bits;
}

// The features of a task, (class exemplar feature): its own training classes, then the unseen ones, which show one.
function featuresFor(classes) {
  const width = facts.features,
    each = facts.exemplars * width,
    shape = [classes + facts.unseen, facts.exemplars, width];
  const made = new Float32Array(shape[0] * each);
  made.set(features.subarray(0, classes * each));
  for (let c = 0; c < facts.unseen; ++c) {
    const row = rowOf("unseen_classes", c);
    made.set(features.subarray(row * width, (row + 1) * width), (classes + c) * each);
  }
  return { features: made, shape };
}

// A character in ink on clear, as a canvas.
function pictureOf(set, row) {
  const side = facts.side,
    bytesARow = Math.ceil(side / 8),
    first = rowOf(set, row) * side * bytesARow;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"),
    image = context.createImageData(side, side);
  for (let y = 0; y < side; ++y)
    for (let x = 0; x < side; ++x)
      if ((pictures[first + y * bytesARow + (x >> 3)] >> (7 - (x & 7))) & 1)
        image.data.set([20, 20, 20, 255], 4 * (y * side + x));
  context.putImageData(image, 0, 0);
  return canvas;
}

// Browsers that lack either are older than SIMD in all of them, or have WebAssembly switched off.
const canUnpack = () => typeof WebAssembly === "object" && typeof DecompressionStream === "function";

// The faster build that this browser can run; null where it has no SIMD.
async function compiledLab() {
  for (const name of ["lab-relaxed", "lab"]) {
    const code = await unpacked(name);
    if (WebAssembly.validate(code)) return { name, code };
  }
  return null;
}
