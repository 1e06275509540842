// The page of `react.test.mjs`: a chat box, and what the test asks of it.

import { HighChat, useHighChat } from "@highchat/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const query = new URLSearchParams(location.search);
const options = {
  slug: "demo",
  baseUrl: query.get("base"),
  storage: query.get("storage") ?? "session",
  settings: { attempts: 1, pollInterval: 200 },
};

globalThis.renders = 0;

/** Counts its renders; the box itself may render as often as React likes. */
function Counted() {
  globalThis.renders += 1;
  globalThis.chat = useHighChat(options);
  return <output>{globalThis.chat.messages.map(({ text }) => text).join("\n")}</output>;
}

function Page() {
  const [isShown, show] = useState(true);
  globalThis.show = show;
  if (!isShown) return null;
  if (query.has("hook")) return <Counted />;
  return (
    <main style={{ height: "600px" }}>
      <h1>Test</h1>
      <HighChat {...options} language={query.get("language") ?? "hy"} theme={query.get("theme") ?? "auto"} />
    </main>
  );
}

createRoot(document.getElementById("root")).render(
  query.has("hook") ? (
    <Page />
  ) : (
    <StrictMode>
      <Page />
    </StrictMode>
  ),
);
