/** Where the gateway's endpoints are: its server writes that into the page. */
const { rawPath, hubPath } = document.documentElement.dataset;
const given = (path: string | undefined, otherwise: string): string => (path && !path.startsWith("{") ? path : otherwise);

export const settings = {
  raw: new URL(`.${given(rawPath, "/ws")}`, document.baseURI),
  hub: new URL(`.${given(hubPath, "/hub")}`, document.baseURI),
  api: new URL("./api/v1/", document.baseURI),
  username: new URLSearchParams(location.search).get("username") ?? undefined,
};
