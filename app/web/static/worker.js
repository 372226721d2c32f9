// The worker of the portal: shows a page of ours where there is no network. It keeps that page and what it is made of,
// and nothing else: no page of anybody's is ever kept. KEPT and OFFLINE are put in front by app/web/look/installing.py.

const CACHE = `kontor-${VERSION}`;

addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  else if (KEPT.includes(address(request))) event.respondWith(fromHere(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  // without cookies: the page is nobody's
  await Promise.all(
    [OFFLINE, ...KEPT].map(async (one) => cache.put(one, await fetch(one, { credentials: "omit", cache: "no-cache" }))),
  );
}

async function forgetOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("kontor-") && name !== CACHE).map((name) => caches.delete(name)));
}

async function fromHere(request) {
  return (await caches.match(address(request))) ?? fetch(request);
}

function address(request) {
  const { origin, pathname, search } = new URL(request.url);
  return origin === location.origin ? pathname + search : null;
}
