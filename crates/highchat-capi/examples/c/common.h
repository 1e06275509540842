/* The code that the examples share: arguments and environment, a clock, and the output. */

#ifndef COMMON_H
#define COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include <highchat.h>

/* How long a connection may take to open, in milliseconds. */
#define PATIENCE_MS 10000

/* The time since some moment of the past, in milliseconds. It never goes back. */
uint64_t now_ms(void);

/* The time from now until then, in milliseconds, as poll() takes it. */
int until(uint64_t then_ms);

/* Makes a conversation from the environment and sends the arguments as a message:
 * HIGHCHAT_KEY or HIGHCHAT_SLUG, and HIGHCHAT_BASE_URL. For tests, HIGHCHAT_TIMEOUT_MS sets each
 * timeout and HIGHCHAT_DELAY_MS each delay. Prints what is wrong and returns false otherwise. */
bool begin(int argc, char **argv, bool has_tls, uint32_t flags, highchat_endpoint **endpoint,
           highchat_conversation **conversation);

/* The exit status of wrong usage, and of what is refused before anything is sent. */
#define USAGE 2

/* The exit status of `highchat ask --wait`, after the updates that were shown so far. */
extern int exit_status;

/* Prints the update that was announced. */
void show(highchat_conversation *conversation);

/* Reports that a pipe is gone, with what `errno` says. */
void lost(highchat_conversation *conversation, uint64_t pipe, int error);

/* Ends the program if a call failed that cannot fail. */
void must(highchat_status status);

#endif
