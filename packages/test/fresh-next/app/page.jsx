import { HighChat } from "@highchat/react";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <div style={{ height: 600 }}>
      <HighChat slug="demo" baseUrl={process.env.BASE_URL} language="en" />
    </div>
  );
}
