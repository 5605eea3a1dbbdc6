/* Passwords in texts for people. URLs of logs and stores may hold them; messages and log lines must not. Pure. */
#ifndef LF_BASE_REDACT_H
#define LF_BASE_REDACT_H

/*
 * Blots out, in place, what stands between ':' and '@' in the authority of each URL in text (user:secret@host, of
 * several hosts too), and the values of password=, passwd= and sslpassword= in query strings and connection strings.
 */
void lf_redact(char *text);

#endif
