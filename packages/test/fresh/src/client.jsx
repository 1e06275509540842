import { hydrateRoot } from "react-dom/client";
import { App } from "./app.jsx";

hydrateRoot(document.getElementById("root"), <App baseUrl={globalThis.BASE_URL} />, {
  onRecoverableError: (error) => console.error(error),
});
