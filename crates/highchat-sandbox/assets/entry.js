// The name, badge and waiting time of a conversation in the inbox.

/** The visitor's name, or the beginning of the conversation's id. */
export function name({ id, visitor_ref: visitor }, language) {
  return visitor || language.text("visitor", { name: id.slice(0, 8) });
}

/** The badge of a conversation: the key of its text, and its CSS class. */
export function badge({ state, taken_over: isTaken, waiting_since: since }) {
  if (state === "closed") return { key: "badgeClosed", kind: "" };
  if (isTaken) return { key: "badgeYours", kind: "yours" };
  if (state === "pending_human" || (state === "human" && since)) {
    return { key: "badgePending", kind: "called" };
  }
  return { key: state === "human" ? "badgeHuman" : "badgeBot", kind: "" };
}

/** The text that says how long the user has been waiting, or an empty text. */
export function waitingText({ waiting_since: since }, now, language) {
  if (!since) return "";
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  const time =
    seconds < 60
      ? language.text("seconds", { count: seconds })
      : seconds < 3600
        ? language.text("minutes", { count: Math.floor(seconds / 60) })
        : language.text("hours", { count: Math.floor(seconds / 3600) });
  return language.text("waiting", { time });
}
