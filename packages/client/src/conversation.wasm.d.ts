/** `crates/highchat-web` with its feature `conversation`, compressed, in base64. */
declare const text: string;
export default text;
