/* Secrets become stars. A text only ever gets shorter: the stars are three, or fewer where the secret was shorter. */
#include "base/redact.h"

#include <string.h>
#include <strings.h>

/* Replaces text[from, to) by stars; returns where the rest goes on. */
static char *
blot(char *from, char *to)
{
    size_t stars = to - from < 3 ? (size_t)(to - from) : 3;
    memset(from, '*', stars);
    memmove(from + stars, to, strlen(to) + 1);
    return from + stars;
}

/* The authority at text: "user:secret@host:1,user:secret@host:2". Returns its end. */
static char *
redact_authority(char *text)
{
    char *colon = NULL;
    char *at = text;
    for (; *at != '\0' && strchr("/?# \t\n\"'<>", *at) == NULL; at++) {
        if (*at == ':' && colon == NULL)
            colon = at;
        else if (*at == '@' && colon != NULL && colon + 1 < at)
            at = blot(colon + 1, at);
        if (*at == '@' || *at == ',')
            colon = NULL;
    }
    return at;
}

void
lf_redact(char *text)
{
    static const char *const names[] = {"password=", "passwd="}; /* sslpassword= ends in the first */
    for (char *at = text; *at != '\0'; at++) {
        if (strncmp(at, "://", 3) == 0)
            at = redact_authority(at + 3) - 1;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            size_t len = strlen(names[i]);
            if (strncasecmp(at, names[i], len) != 0)
                continue;
            at += len;
            at = blot(at, at + strcspn(at, "& \t\n\"'<>;,")) - 1;
            break;
        }
    }
}
