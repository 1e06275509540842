/* A check that ends the program with its line, in every build. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);   \
            exit(1);                                                                    \
        }                                                                               \
    } while (0)

/* A literal and its length, as two arguments. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* Whether a text of the library is the literal. */
#define IS(text, literal) \
    ((text).ptr != NULL && (text).len == sizeof(literal) - 1 && memcmp((text).ptr, literal, (text).len) == 0)

#endif
