/* Classes of characters: of ASCII, whatever the locale. */
#ifndef LF_BASE_ASCII_H
#define LF_BASE_ASCII_H

#include <stdbool.h>

static inline bool
lf_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool
lf_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A hexadecimal digit; lf_hex_digit() (bytes.h) gives its value. */
static inline bool
lf_is_hex(char c)
{
    return lf_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

#endif
