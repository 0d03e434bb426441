// Builds what browsers load from npm packages into src/commonground/pages/static/built.
// Run by `npm run build`; nothing here reaches the network.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as sass from "sass";
import { country } from "./country.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const uswds = join(modules, "@uswds/uswds");
const built = join(root, "src/commonground/pages/static/built");

rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });

function write(name, content) {
  writeFileSync(join(built, name), content);
  // Served as it is to browsers that take gzip, so that no request compresses it again.
  writeFileSync(join(built, `${name}.gz`), gzipSync(content, { level: 9 }));
}

const sheet = sass.compile(join(root, "assets/styles/site.scss"), {
  style: "compressed",
  loadPaths: [join(uswds, "packages")],
  quietDeps: true,
});
write("site.css", sheet.css);

// The sheet names its fonts and icons; exactly those come along, and a missing one stops the build.
for (const [, file] of sheet.css.matchAll(/url\("?((?:fonts|img)\/[^")]+)"?\)/g)) {
  mkdirSync(dirname(join(built, file)), { recursive: true });
  copyFileSync(join(uswds, "dist", file), join(built, file));
}

write("htmx.js", readFileSync(join(modules, "htmx.org/dist/htmx.min.js")));
write("site.js", readFileSync(join(root, "assets/scripts/site.js")));
write("review.js", readFileSync(join(root, "assets/scripts/review.js")));
write("map.js", readFileSync(join(root, "assets/scripts/map.js")));
write("country.json", JSON.stringify(country(join(modules, "us-atlas/states-10m.json"))));
cpSync(join(root, "assets/images"), built, { recursive: true });

// The library of large maps: its worker is looked for beside it. Loaded only when a reader opens a map.
mkdirSync(join(built, "maplibre"));
for (const file of ["maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"]) {
  const text = readFileSync(join(modules, "maplibre-gl/dist", file), "utf8");
  write(`maplibre/${file}`, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}

// PNGs of charts are drawn on the server, with the same letters as the pages; browsers never load these.
mkdirSync(join(built, "fonts/drawn"), { recursive: true });
for (const face of ["Regular", "Bold"]) {
  copyFileSync(join(uswds, `dist/fonts/public-sans/PublicSans-${face}.ttf`), join(built, `fonts/drawn/PublicSans-${face}.ttf`));
}

// What was taken over keeps its license beside it.
mkdirSync(join(built, "licenses"));
for (const [name, file] of Object.entries({
  "uswds-fonts-icons.md": "@uswds/uswds/LICENSE.md",
  "htmx.txt": "htmx.org/LICENSE",
  "maplibre.txt": "maplibre-gl/LICENSE.txt",
  "us-atlas.txt": "us-atlas/LICENSE",
})) {
  copyFileSync(join(modules, file), join(built, "licenses", name));
}
