import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const gateway = "http://localhost:8080";

export default defineConfig({
  base: "./",
  // The SDK's sources are beside this folder, and what they import is here.
  resolve: { alias: { "@microsoft/signalr": fileURLToPath(new URL("./node_modules/@microsoft/signalr", import.meta.url)) } },
  // Nothing inline: the page's policy would not let it run.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000, reportCompressedSize: false },
  // `npm run dev` shows the page of a gateway that runs beside it.
  server: { proxy: Object.fromEntries(["/ws", "/hub", "/api"].map((path) => [path, { target: gateway, ws: true }])) },
});
