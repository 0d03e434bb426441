// Turns the server's drawing of a city into a map that can be moved. Nothing is fetched but our own GeoJSON,
// by bounding box and zoom: squares from afar, points from near. Without this script the drawing stays.
const COMMON = "#0f6460";
const LAND = "#edeff0";
const EDGE = "#71767a";
const PAPER = "#ffffff";
const EMPTY = { type: "FeatureCollection", features: [] };

const style = (outline) => ({
  version: 8,
  sources: {
    outline: { type: "geojson", data: outline },
    cells: { type: "geojson", data: EMPTY },
    points: { type: "geojson", data: EMPTY },
  },
  layers: [
    { id: "paper", type: "background", paint: { "background-color": PAPER } },
    { id: "land", type: "fill", source: "outline", paint: { "fill-color": LAND } },
    { id: "cells", type: "fill", source: "cells", paint: { "fill-color": ["get", "color"], "fill-antialias": false } },
    { id: "edge", type: "line", source: "outline", paint: { "line-color": EDGE, "line-width": 1 } },
    {
      id: "points",
      type: "circle",
      source: "points",
      paint: { "circle-radius": 4.5, "circle-color": COMMON, "circle-stroke-color": PAPER, "circle-stroke-width": 1 },
    },
  ],
});

function clipped(bounds) {
  const [west, south, east, north] = bounds.toArray().flat();
  return [Math.max(west, -180), Math.max(south, -90), Math.min(east, 180), Math.min(north, 90)].map((each) => each.toFixed(5));
}

function filled(words, values) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words);
}

async function library(place) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = place.dataset.sheet;
  const styled = new Promise((done) => sheet.addEventListener("load", done, { once: true }));
  document.head.append(sheet);
  const [loaded] = await Promise.all([import(place.dataset.library), styled]);
  return loaded;
}

function popup(gl, map, at, feature) {
  const said = document.createElement(feature.properties.url ? "a" : "span");
  if (feature.properties.url) said.href = feature.properties.url;
  said.textContent = feature.properties.told ?? feature.properties.value;
  return new gl.Popup({ focusAfterOpen: Boolean(feature.properties.url), maxWidth: "18rem" }).setLngLat(at).setDOMContent(said).addTo(map);
}

// What the window shows, in a sentence; the legend beside it.
function tell(place, words, told) {
  const count = new Intl.NumberFormat(document.documentElement.lang || "en");
  const shown = told.features.length;
  const near = shown < told.total ? words.some : words.points;
  const line = shown === 0 ? words.none : told.kind === "cells" ? words.cells : near;
  place.querySelector(".status").textContent = filled(line, { shown: count.format(shown), total: count.format(told.total) });
  place.querySelector(".breaks").replaceChildren(
    ...told.legend.map(({ color, told: said }) => {
      const item = document.createElement("li");
      const square = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      square.setAttribute("viewBox", "0 0 20 13");
      square.setAttribute("aria-hidden", "true");
      const area = document.createElementNS(square.namespaceURI, "rect");
      for (const [name, value] of Object.entries({ width: 20, height: 13, fill: color })) area.setAttribute(name, value);
      square.append(area);
      item.append(square, said);
      return item;
    }),
  );
}

function follow(place, map, words) {
  let asked = new AbortController();
  return async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const address = new URL(place.dataset.source, location.href);
    address.searchParams.set("bbox", clipped(map.getBounds()).join(","));
    address.searchParams.set("zoom", map.getZoom().toFixed(2));
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const told = await answer.json();
      for (const name of ["cells", "points"]) map.getSource(name).setData(told.kind === name ? told : EMPTY);
      tell(place, words, told);
    } catch {
      if (signal.aborted) return; // a newer window is on its way
      place.querySelector(".status").textContent = words.failed;
    }
    place.removeAttribute("aria-busy");
  };
}

async function open(place) {
  const words = JSON.parse(place.dataset.words);
  const gl = await library(place);
  const live = document.createElement("div");
  live.className = "live";
  const still = place.querySelector(".still");
  still.hidden = true;
  still.after(live);
  const bounds = JSON.parse(place.dataset.bounds);
  const map = new gl.Map({
    container: live,
    style: style(JSON.parse(place.dataset.outline)),
    bounds,
    fitBoundsOptions: { padding: 16, animate: false },
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    cooperativeGestures: true,
    attributionControl: false,
    // The canvas is the one landmark; its name tells this map from others on the page.
    locale: { ...words.controls, "Map.Title": place.dataset.title },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new gl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new gl.ScaleControl({ unit: "metric" }), "bottom-left");
  map.addControl(new gl.ScaleControl({ unit: "imperial" }), "bottom-left");
  const show = ({ x, y }, reach) => {
    const around = [[x - reach, y - reach], [x + reach, y + reach]];
    const layers = { layers: ["points", "cells"] };
    const [found] = [...map.queryRenderedFeatures([x, y], layers), ...map.queryRenderedFeatures(around, { layers: ["points"] })];
    if (found) popup(gl, map, map.unproject([x, y]), found);
    else place.querySelector(".status").textContent = words.nothing;
  };
  map.on("click", (event) => show(event.point, 6));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") show(map.project(map.getCenter()), 16); // what lies under the cross
  });
  const read = follow(place, map, words);
  map.on("load", read);
  map.on("moveend", read);
  map.getCanvas().focus();
  return map;
}

for (const place of document.querySelectorAll("[data-map]")) {
  const button = place.querySelector(".open");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await open(place);
      button.remove();
    } catch {
      // No WebGL, or the library did not come: the drawing is still true.
      place.querySelector(".live")?.remove();
      place.querySelector(".still").hidden = false;
      place.querySelector(".status").textContent = JSON.parse(place.dataset.words).missing;
    }
  });
}
