// Pages of a foreign origin, in a real browser: one that the gateway allows, and one that it does not.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { startGateway, within } from "../js/processes.js";
import { hubInPage, rawInPage, SECRET, servePages, startBrowser, token } from "./pages.js";

let browser, allowed, foreign;

before(async () => {
  [browser, allowed, foreign] = await Promise.all([startBrowser(), servePages(), servePages()]);
});

after(async () => {
  await browser?.close();
  await Promise.all([allowed?.stop(), foreign?.stop()]);
});

async function inPage(pages, run, argument) {
  const page = await browser.newPage();
  try {
    await page.goto(pages.origin);
    return await within(page.evaluate(run, argument), "the page", 20000);
  } finally {
    await page.close();
  }
}

for (const mode of ["none", "jwt"]) {
  describe(`auth.mode: ${mode}`, () => {
    let gateway, bearer;

    before(async () => {
      const auth = mode === "jwt" ? ["--auth:mode=jwt", `--auth:signing_key=${SECRET}`] : [];
      gateway = await startGateway(`--server:allowed_origins=${allowed.origin}`, ...auth);
      bearer = mode === "jwt" ? token() : undefined;
    });

    after(() => gateway?.kill());

    const raw = () => ({ url: `${gateway.url.replace("http", "ws")}/ws?rooms=lobby`, protocols: bearer ? ["gateway", `bearer.${bearer}`] : [] });

    it("an allowed page opens a WebSocket", async () => {
      const seen = await inPage(allowed, rawInPage, raw());
      if (mode === "jwt") assert.deepEqual(seen, { user: "ada", protocol: "gateway" });
      else assert.match(seen.user, /^guest-/);
    });

    it("a foreign page does not", async () => assert.deepEqual(await inPage(foreign, rawInPage, raw()), { refused: 1006 }));

    it("WebSockets without negotiation: an allowed page talks over the hub, a foreign one does not", async () => {
      const hub = { url: `${gateway.url}/hub?rooms=lobby`, transport: "WebSockets", skipNegotiation: true, token: bearer };
      assert.equal((await inPage(allowed, hubInPage, hub)).content, "from a page");
      assert.match((await inPage(foreign, hubInPage, hub)).refused, /WebSocket failed to connect/);
    });

    for (const transport of ["WebSockets", "ServerSentEvents", "LongPolling"]) {
      const hub = () => ({ url: `${gateway.url}/hub?rooms=lobby`, transport, token: bearer });

      it(`${transport}: an allowed page talks over the hub`, async () => {
        const seen = await inPage(allowed, hubInPage, hub());
        assert.equal(seen.content, "from a page", seen.refused);
        if (mode === "jwt") assert.equal(seen.user, "ada");
      });

      it(`${transport}: a foreign page does not`, async () => {
        const seen = await inPage(foreign, hubInPage, hub());
        assert.match(seen.refused, /Failed to (complete negotiation|fetch)/);
      });

      if (mode === "jwt")
        it(`${transport}: an allowed page without a good token does not either, and learns why`, async () => {
          const seen = await inPage(allowed, hubInPage, { ...hub(), token: "not-a-token" });
          assert.match(seen.refused, /401/);
        });
    }
  });
}

it("the gateway's own page talks without being listed", async () => {
  const gateway = await startGateway();
  try {
    const seen = await inPage({ origin: gateway.url }, rawInPage, { url: `${gateway.url.replace("http", "ws")}/ws?rooms=lobby`, protocols: [] });
    assert.match(seen.user, /^guest-/);
  } finally {
    await gateway.kill();
  }
});
