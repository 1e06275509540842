"use client";
/** A small chat box, for a page without a design of its own for one. */

import { type ComponentType, type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { TEXTS, type Texts } from "./texts.js";
import type { Message } from "./transcript.js";
import { type HighChatControls, type HighChatOptions, useHighChat } from "./use-high-chat.js";

/** The API's limit of a message, in characters. */
const MAX = 4000;

/** How near to its end a log still follows a reply, in pixels. */
const NEAR = 80;

/** What every part of the box gets. */
export interface PartProps {
  chat: HighChatControls;
  texts: Texts;
}

/** The parts of the box. Give your own for any of them. */
export interface Parts {
  Header: ComponentType<PartProps>;
  Message: ComponentType<PartProps & { message: Message }>;
  Composer: ComponentType<PartProps>;
  Rating: ComponentType<PartProps>;
}

/** Properties of {@link HighChat}. */
export interface HighChatProps extends HighChatOptions {
  /** `hy` by default. */
  language?: "hy" | "en";
  /** The visitor's own setting by default. */
  theme?: "light" | "dark" | "auto";
  /** Texts in place of ours. */
  texts?: Partial<Texts>;
  /** Parts in place of ours. */
  parts?: Partial<Parts>;
}

/**
 * A chat box with a log, a text field and a rating, for the keyboard and for screen readers.
 * It is as large as the element around it. It needs the style sheet
 * `@highchat/react/highchat.css`.
 */
export function HighChat({ language = "hy", theme = "auto", texts: own, parts, ...options }: HighChatProps) {
  const chat = useHighChat(options);
  const texts = { ...TEXTS[language], ...own };
  const { Header, Message, Composer, Rating } = { ...PARTS, ...parts };
  return (
    <section className="highchat" data-theme={theme} lang={language} aria-label={texts.title}>
      <Header chat={chat} texts={texts} />
      <Log chat={chat} texts={texts} Message={Message} />
      <Rating chat={chat} texts={texts} />
      <Composer chat={chat} texts={texts} />
    </section>
  );
}

function Header({ chat, texts }: PartProps) {
  const state = chat.status === "retrying" ? texts.retrying : (texts.states[chat.state] ?? texts.states.bot);
  return (
    <div className="highchat-header">
      <p role="status">{state}</p>
      <button type="button" onClick={chat.restart}>
        {texts.restart}
      </button>
    </div>
  );
}

function Log({ chat, texts, Message }: PartProps & { Message: Parts["Message"] }) {
  const log = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const { messages } = chat;
  useEffect(() => {
    if (log.current && isAtEnd.current) log.current.scrollTop = log.current.scrollHeight;
  }, [messages]);
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = log.current as HTMLDivElement;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
  return (
    // A log that scrolls must be reachable with the keyboard.
    <div ref={log} className="highchat-log" role="log" aria-label={texts.log} tabIndex={0} onScroll={scrolled}>
      <p className="highchat-notice">{texts.greeting}</p>
      {messages.map((message) => (
        <Message key={message.id} message={message} chat={chat} texts={texts} />
      ))}
    </div>
  );
}

function MessageView({ message, texts }: PartProps & { message: Message }) {
  const { author, text, status, error } = message;
  if (author === "notice") {
    return (
      <p className="highchat-notice" dir="auto">
        {text}
      </p>
    );
  }
  const isWriting = author === "bot" && status === "pending";
  const trouble = {
    stopped: author === "bot" ? texts.stopped : null,
    incomplete: texts.incomplete,
    failed: error?.sentence ?? texts.failed,
    refused: texts.refused,
    pending: null,
    done: null,
  }[status];
  return (
    // A screen reader reads a reply once when it is whole, not word by word.
    <div className="highchat-message" data-author={author} data-status={status} aria-busy={isWriting}>
      <span className="highchat-unseen">{texts[author === "user" ? "you" : author]}</span>
      {text !== "" && (
        <p className="highchat-text" dir="auto">
          {text}
        </p>
      )}
      {isWriting && text === "" && <p className="highchat-dots">{texts.writing}</p>}
      {trouble && (
        <p className="highchat-trouble" dir="auto">
          {trouble}
        </p>
      )}
    </div>
  );
}

function Composer({ chat, texts }: PartProps) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const isBusy = chat.messages.some(({ status }) => status === "pending");
  const isTooLong = [...text].length > MAX;
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (isBusy || isTooLong || !chat.send(text)) return;
    setText("");
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    // Enter in an input method chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  // What was refused can be changed and sent again.
  const refused = chat.messages.findLast(({ author }) => author === "user");
  useEffect(() => {
    if (refused?.status === "refused") setText((now) => now || refused.text);
  }, [refused?.status, refused?.text]);
  return (
    <form className="highchat-composer" onSubmit={send}>
      <label className="highchat-unseen" htmlFor={id}>
        {texts.message}
      </label>
      <textarea
        id={id}
        ref={field}
        value={text}
        rows={2}
        dir="auto"
        placeholder={texts.placeholder}
        enterKeyHint="send"
        aria-invalid={isTooLong}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      {isBusy ? (
        <button
          type="button"
          onClick={() => {
            chat.stop();
            field.current?.focus();
          }}
        >
          {texts.stop}
        </button>
      ) : (
        <button type="submit" disabled={text.trim() === "" || isTooLong}>
          {texts.send}
        </button>
      )}
    </form>
  );
}

function Rating({ chat, texts }: PartProps) {
  const [rated, setRated] = useState<0 | 1 | null>(null);
  const [status, setStatus] = useState("");
  if (!chat.canRate) return null;
  const rate = async (rating: 0 | 1) => {
    try {
      await chat.rate(rating);
      setRated(rating);
      setStatus(texts.thanks);
    } catch {
      setStatus(texts.ratingFailed);
    }
  };
  return (
    <div className="highchat-rating" role="group" aria-label={texts.rate}>
      <button type="button" aria-label={texts.up} aria-pressed={rated === 1} onClick={() => rate(1)}>
        👍
      </button>
      <button type="button" aria-label={texts.down} aria-pressed={rated === 0} onClick={() => rate(0)}>
        👎
      </button>
      <span role="status">{status}</span>
    </div>
  );
}

const PARTS: Parts = { Header, Message: MessageView, Composer, Rating };
