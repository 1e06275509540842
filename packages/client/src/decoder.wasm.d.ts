/** `crates/highchat-web` with its feature `decoder`, compressed, in base64. */
declare const text: string;
export default text;
