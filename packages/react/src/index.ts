/** React bindings of `@highchat/client`. */

export { HighChat } from "./high-chat.js";
export type { HighChatProps, PartProps, Parts } from "./high-chat.js";
export { TEXTS } from "./texts.js";
export type { Texts } from "./texts.js";
export type { Author, Message } from "./transcript.js";
export { useHighChat } from "./use-high-chat.js";
export type { HighChatControls, HighChatOptions, HighChatState, Status } from "./use-high-chat.js";
