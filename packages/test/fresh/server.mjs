// Serves the page: rendered here, and then continued in the browser. `server.mjs BASE_URL`.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { render } from "./dist/server/server.js";

const [baseUrl] = process.argv.slice(2);
const page = readFileSync("dist/client/index.html", "utf8")
  .replace("<!--app-->", render(baseUrl))
  .replace("</head>", `<script>BASE_URL = ${JSON.stringify(baseUrl)}</script></head>`);
const server = createServer(({ url }, response) => {
  if (url === "/") return response.setHeader("content-type", "text/html; charset=utf-8").end(page);
  const type = url.endsWith(".css") ? "text/css" : "text/javascript";
  response.setHeader("content-type", type).end(readFileSync(`dist/client${url}`));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
