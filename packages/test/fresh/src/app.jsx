import { HighChat } from "@highchat/react";
import "@highchat/react/highchat.css";

export function App({ baseUrl }) {
  return <HighChat slug="demo" baseUrl={baseUrl} language="en" />;
}
