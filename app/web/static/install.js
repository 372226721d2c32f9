// Lets the portal be put on a phone's screen, and say so where there is no network.

if ("serviceWorker" in navigator && isSecureContext) {
  const worker = document.querySelector('link[rel="manifest"]')?.dataset.worker;
  if (worker) navigator.serviceWorker.register(worker, { scope: "/portal/" }).catch(() => {});
}
