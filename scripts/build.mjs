// Builds static/dist/: one script for each `page.script("name")` that a template calls,
// and one style sheet. With --limit it fails when the scripts of a page are too big.
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const dist = "static/dist";
const fresh = "node_modules/.signalbox-dist"; // takes the place of dist when all is well
const limit = 50 * 1024; // bytes, gzipped, all scripts that one page loads

const pages = await scriptsOfPages("templates");
const names = [...new Set([...pages.values()].flat())].sort();

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const [scripts] = await Promise.all([
  build({
    entryPoints: names.map((name) => `static/ts/${name}.ts`),
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    chunkNames: "chunk.[hash]",
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
  }),
  build({
    stdin: { contents: await styleSheet(), resolveDir: "static/css", loader: "css" },
    outfile: `${fresh}/app.css`,
    bundle: true,
    minify: true,
    logLevel: "warning",
  }),
  ...(await readdir("static/icons")).map((icon) =>
    copyFile(join("static/icons", icon), join(fresh, icon)),
  ),
]);
const sizes = await compress();
await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);
report();

/** The scripts that each template names; those of the layout are on every page. */
async function scriptsOfPages(folder) {
  const found = new Map();
  for (const entry of await readdir(folder, { recursive: true })) {
    if (!entry.endsWith(".html")) continue;
    const text = await readFile(join(folder, entry), "utf8");
    const named = [...text.matchAll(/page\.script\("([\w-]+)"\)/g)].map((match) => match[1]);
    if (named.length > 0) found.set(entry, named);
  }
  return found;
}

/** The design system in its order, then the sheets of the features. */
async function styleSheet() {
  const system = ["tokens.css", "base.css", "layout.css", "components.css"];
  const all = (await readdir("static/css")).filter((name) => name.endsWith(".css")).sort();
  const features = all.filter((name) => !system.includes(name));
  const imports = [...system, ...features].map((name) => `@import "./${name}";`);
  return ['@import "uplot/dist/uPlot.min.css";', ...imports].join("\n");
}

/** Puts a .gz beside each file that gets smaller, and returns the sizes as sent. */
async function compress() {
  const sent = new Map();
  for (const name of await readdir(fresh)) {
    const content = await readFile(join(fresh, name));
    const zipped = gzipSync(content, { level: 9 });
    if (zipped.length < content.length) await writeFile(join(fresh, `${name}.gz`), zipped);
    sent.set(name, Math.min(zipped.length, content.length));
  }
  return sent;
}

/** The entry and all chunks that it imports, directly or not. */
function loadedBy(name, loaded = new Set()) {
  const file = `${fresh}/${name}`;
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  for (const { path, kind } of scripts.metafile.outputs[file]?.imports ?? []) {
    if (kind === "import-statement") loadedBy(basename(path), loaded);
  }
  return loaded;
}

function report() {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
  for (const [name, size] of [...sizes].sort()) console.log(`${kilobytes(size)}  ${name}`);
  console.log("Scripts of each page, gzipped:");
  const everywhere = pages.get("layout.html") ?? [];
  for (const [page, named] of pages) {
    const loaded = new Set();
    for (const name of [...everywhere, ...named]) loadedBy(`${name}.js`, loaded);
    const total = [...loaded].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    console.log(`${kilobytes(total)}  ${page}`);
    if (total > limit && process.argv.includes("--limit")) {
      console.error(`${page} loads more than ${kilobytes(limit).trim()} of scripts.`);
      process.exitCode = 1;
    }
  }
}
