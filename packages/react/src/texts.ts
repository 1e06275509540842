/** The texts of the chat box, in both languages. */

export interface Texts {
  title: string;
  log: string;
  greeting: string;
  you: string;
  bot: string;
  person: string;
  message: string;
  placeholder: string;
  send: string;
  stop: string;
  restart: string;
  writing: string;
  stopped: string;
  incomplete: string;
  failed: string;
  refused: string;
  retrying: string;
  states: Record<string, string>;
  rate: string;
  up: string;
  down: string;
  thanks: string;
  ratingFailed: string;
}

export const TEXTS: Record<"hy" | "en", Texts> = {
  hy: {
    title: "Զրույց",
    log: "Զրույցի հաղորդագրությունները",
    greeting: "Բարև։ Գրեք ձեր հարցը։",
    you: "Դուք.",
    bot: "Բոտ.",
    person: "Աշխատակից.",
    message: "Ձեր հաղորդագրությունը",
    placeholder: "Գրեք հաղորդագրություն…",
    send: "Ուղարկել",
    stop: "Կանգնեցնել",
    restart: "Նոր զրույց",
    writing: "Պատասխանը գրվում է",
    stopped: "Պատասխանը կանգնեցված է։",
    incomplete: "Պատասխանն ընդհատվեց և կիսատ է։",
    failed: "Պատասխան չստացվեց։ Հաղորդագրությունը նորից չի ուղարկվել։",
    refused: "Չի ուղարկվել",
    retrying: "Կապը կորել է, վերականգնում ենք…",
    states: {
      bot: "Պատասխանում է բոտը",
      pending_human: "Կանչված է աշխատակից",
      human: "Պատասխանում է աշխատակիցը",
      closed: "Զրույցը փակված է",
    },
    rate: "Ինչպե՞ս էր զրույցը",
    up: "Լավ էր",
    down: "Վատ էր",
    thanks: "Շնորհակալություն գնահատականի համար։",
    ratingFailed: "Գնահատականը չուղարկվեց։ Փորձեք նորից։",
  },
  en: {
    title: "Chat",
    log: "Messages of the conversation",
    greeting: "Hello. Write your question.",
    you: "You:",
    bot: "Bot:",
    person: "Person:",
    message: "Your message",
    placeholder: "Write a message…",
    send: "Send",
    stop: "Stop",
    restart: "New conversation",
    writing: "The reply is being written",
    stopped: "You stopped this reply.",
    incomplete: "The reply was cut off; this is only a part of it.",
    failed: "No reply came. The message was not sent again.",
    refused: "Not sent",
    retrying: "Connection lost, reconnecting…",
    states: {
      bot: "The bot answers",
      pending_human: "A person was called",
      human: "A person answers",
      closed: "The conversation is closed",
    },
    rate: "How was the conversation?",
    up: "Good",
    down: "Bad",
    thanks: "Thank you for the rating.",
    ratingFailed: "The rating was not sent. Try again.",
  },
};
