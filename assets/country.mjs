// The outline and the inner borders of the lower 48 states, simplified, as rings of [longitude, latitude].
import { readFileSync } from "node:fs";
import { merge, mesh } from "topojson-client";
import { presimplify, quantile, simplify } from "topojson-simplify";

const ELSEWHERE = new Set(["02", "15", "60", "66", "69", "72", "78"]); // Alaska, Hawaii, the territories
const KEPT = 0.06; // share of points kept; draws well up to 600 pixels
const SMALLEST = 0.08; // square degrees: islands that would be a speck

const rounded = (line) => line.map(([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);

function area(ring) {
  let sum = 0;
  for (let i = 1; i < ring.length; i += 1) sum += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
  return Math.abs(sum / 2);
}

export function country(file) {
  const weighed = presimplify(JSON.parse(readFileSync(file, "utf8")));
  const atlas = simplify(weighed, quantile(weighed, KEPT));
  const states = atlas.objects.states.geometries.filter((state) => !ELSEWHERE.has(state.id));
  const land = merge(atlas, states).coordinates.flatMap((polygon) => polygon.slice(0, 1));
  const inner = mesh(atlas, { type: "GeometryCollection", geometries: states }, (a, b) => a !== b);
  return {
    land: land.filter((ring) => area(ring) > SMALLEST).map(rounded),
    borders: inner.coordinates.map(rounded),
  };
}
