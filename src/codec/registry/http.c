/*
 * libcurl, with everything that a hostile or broken server could make endless given an end. TLS by the system's
 * authorities unless told otherwise. A proxy is used as the environment says (https_proxy, no_proxy), as curl does.
 */
#include "codec/registry/http.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, REDIRECTS_MAX = 3, URL_BYTES_MAX = 16 * 1024 };

struct lf_asker {
    CURL *curl;
    struct curl_slist *headers;
    char *base; /* URL without user, password, query, trailing '/' */
    char words[CURL_ERROR_SIZE];
    /* of the request under way */
    struct lf_reply *reply;
    struct lf_gate *gate;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool curl_works;

static void
start_curl(void)
{
    curl_works = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- what curl calls ---- */

static size_t
on_body(char *data, size_t size, size_t count, void *user)
{
    struct lf_asker *asker = user;
    lf_buf_add(&asker->reply->body, lf_bytes(data, size * count));
    return asker->reply->body.failed == LF_OK ? size * count : 0;
}

/* Called often, and at least once a second: the way to end a transfer. */
static int
on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct lf_asker *asker = user;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return lf_gate_is_open(asker->gate) ? 1 : 0;
}

/* ---- options ---- */

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool
set_text(CURL *curl, CURLoption option, const char *text)
{
    return !given(text) || curl_easy_setopt(curl, option, text) == CURLE_OK;
}

static bool
set_long(CURL *curl, CURLoption option, long number)
{
    return curl_easy_setopt(curl, option, number) == CURLE_OK;
}

/* Credentials of the options come before those in the URL. */
static bool
set_credentials(CURL *curl, const struct lf_registry_options *options, const char *user, const char *password)
{
    if (given(options->token))
        return set_long(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) &&
               set_text(curl, CURLOPT_XOAUTH2_BEARER, options->token);
    bool own = given(options->user);
    return set_long(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) &&
           set_text(curl, CURLOPT_USERNAME, own ? options->user : user) &&
           set_text(curl, CURLOPT_PASSWORD, own ? options->password : password);
}

static bool
set_tls(CURL *curl, const struct lf_registry_options *options)
{
    return set_long(curl, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0 : 1) &&
           set_long(curl, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0 : 2) &&
           set_long(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           set_text(curl, CURLOPT_CAINFO, options->ca_file) && set_text(curl, CURLOPT_SSLCERT, options->cert_file) &&
           set_text(curl, CURLOPT_SSLKEY, options->key_file);
}

/* A redirect keeps method and body, stays with HTTP, and never leads from https to http. */
static bool
set_redirects(CURL *curl, bool secure)
{
    return set_long(curl, CURLOPT_FOLLOWLOCATION, 1) && set_long(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX) &&
           set_long(curl, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL) &&
           set_text(curl, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http") &&
           set_text(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
}

static bool
set_transfer(struct lf_asker *asker, int64_t timeout_ms)
{
    CURL *curl = asker->curl;
    long limit = (long)(timeout_ms > 0 ? timeout_ms : TIMEOUT_MS);
    return set_long(curl, CURLOPT_NOSIGNAL, 1) && set_long(curl, CURLOPT_TIMEOUT_MS, limit) &&
           set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, limit) && set_long(curl, CURLOPT_TCP_KEEPALIVE, 1) &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, asker->headers) == CURLE_OK &&
           set_text(curl, CURLOPT_USERAGENT, "logfirst/" LF_VERSION) &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, asker->words) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, asker) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, asker) == CURLE_OK && set_long(curl, CURLOPT_NOPROGRESS, 0);
}

static bool
set_headers(struct lf_asker *asker)
{
    static const char accept[] = "Accept: application/vnd.schemaregistry.v1+json, "
                                 "application/vnd.schemaregistry+json; q=0.9, application/json; q=0.5";
    static const char *const lines[] = {
        accept,
        "Content-Type: application/vnd.schemaregistry.v1+json",
        "Expect:", /* no waiting for 100 */
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *grown = curl_slist_append(asker->headers, lines[i]);
        if (grown == NULL)
            return false;
        asker->headers = grown;
    }
    return true;
}

/* ---- the URL ---- */

/* A part of the URL, or NULL. To be freed with curl_free(). */
static char *
part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

/* The URL without what comes before '@' and without slashes at its end. */
static enum lf_status
keep_base(struct lf_asker *asker, CURLU *url, struct lf_err *err)
{
    (void)curl_url_set(url, CURLUPART_USER, NULL, 0);
    (void)curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    char *text = part_of(url, CURLUPART_URL, 0);
    asker->base = lf_strdup(text);
    curl_free(text);
    if (asker->base == NULL)
        return lf_no_memory(err);
    size_t len = strlen(asker->base);
    while (len > 0 && asker->base[len - 1] == '/')
        asker->base[--len] = '\0';
    return LF_OK;
}

static enum lf_status
take_url(struct lf_asker *asker, const struct lf_registry_options *options, CURLU *url, struct lf_err *err)
{
    CURLUcode code = curl_url_set(url, CURLUPART_URL, options->url, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        return lf_no_memory(err);
    char *query = part_of(url, CURLUPART_QUERY, 0);
    char *fragment = part_of(url, CURLUPART_FRAGMENT, 0);
    bool more = query != NULL || fragment != NULL;
    curl_free(query);
    curl_free(fragment);
    if (code != CURLUE_OK || more)
        return lf_fail(err, LF_INVALID, "the registry's URL is malformed: %s",
                       more ? "it ends with its path" : curl_url_strerror(code));
    char *scheme = part_of(url, CURLUPART_SCHEME, 0);
    char *user = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
    char *password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    bool set = scheme != NULL && set_credentials(asker->curl, options, user, password) &&
               set_redirects(asker->curl, strcmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_free(user);
    curl_free(password);
    return set ? keep_base(asker, url, err) : lf_fail(err, LF_UNSUPPORTED, "libcurl has no HTTP, or memory is short");
}

static enum lf_status
init(struct lf_asker *asker, const struct lf_registry_options *options, struct lf_err *err)
{
    asker->curl = curl_easy_init();
    CURLU *url = curl_url();
    enum lf_status st = LF_OK;
    if (asker->curl == NULL || url == NULL || !set_headers(asker))
        st = lf_no_memory(err);
    else if (!set_tls(asker->curl, options) || !set_transfer(asker, options->timeout_ms))
        st = lf_fail(err, LF_UNSUPPORTED, "libcurl cannot do what a registry needs");
    else
        st = take_url(asker, options, url, err);
    curl_url_cleanup(url);
    return st;
}

enum lf_status
lf_asker_new(const struct lf_registry_options *options, struct lf_asker **ret, struct lf_err *err)
{
    (void)pthread_once(&once, start_curl);
    if (!curl_works)
        return lf_fail(err, LF_INTERNAL, "libcurl does not start");
    struct lf_asker *asker = lf_calloc(1, sizeof(*asker));
    if (asker == NULL)
        return lf_no_memory(err);
    enum lf_status st = init(asker, options, err);
    if (st != LF_OK) {
        lf_asker_free(asker);
        return st;
    }
    *ret = asker;
    return LF_OK;
}

void
lf_asker_free(struct lf_asker *asker)
{
    if (asker == NULL)
        return;
    curl_easy_cleanup(asker->curl);
    curl_slist_free_all(asker->headers);
    lf_free(asker->base);
    lf_free(asker);
}

/* ---- asking ---- */

static bool
set_request(struct lf_asker *asker, const char *method, const char *url, struct lf_bytes body)
{
    CURL *curl = asker->curl;
    bool set = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK && set_long(curl, CURLOPT_HTTPGET, 1);
    if (set && body.ptr != NULL) /* not copied: it outlives the request */
        set = set_long(curl, CURLOPT_POST, 1) &&
              curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.ptr) == CURLE_OK;
    return set && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

/* What a failed transfer means. */
static enum lf_status
judge(struct lf_asker *asker, CURLcode code, struct lf_err *err)
{
    const char *words = asker->words[0] != '\0' ? asker->words : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OUT_OF_MEMORY: return lf_no_memory(err);
    case CURLE_ABORTED_BY_CALLBACK: return lf_fail(err, LF_CLOSED, "stopped while asking %s", asker->base);
    case CURLE_PEER_FAILED_VERIFICATION: /* may pass: certificates are renewed */
        return lf_fail(err, LF_UNAVAILABLE, "%s is not believed: %s (registry.ca names the authorities to trust)",
                       asker->base, words);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: return lf_fail(err, LF_DENIED, "%s: %s", asker->base, words);
    case CURLE_WRITE_ERROR:
        if (asker->reply->body.failed == LF_NO_MEMORY)
            return lf_no_memory(err);
        return lf_fail(err, LF_UNAVAILABLE, "%s: the answer is larger than %zu bytes", asker->base,
                       asker->reply->body.max);
    default: return lf_fail(err, LF_UNAVAILABLE, "%s: %s", asker->base, words);
    }
}

enum lf_status
lf_asker_ask(struct lf_asker *asker, struct lf_gate *gate, const char *method, const char *path, struct lf_bytes body,
             struct lf_reply *reply, struct lf_err *err)
{
    struct lf_buf url;
    lf_buf_init(&url, URL_BYTES_MAX);
    lf_buf_printf(&url, "%s%s", asker->base, path);
    lf_buf_add_char(&url, '\0');
    enum lf_status st = lf_buf_status(&url, err);
    asker->reply = reply;
    asker->gate = gate;
    asker->words[0] = '\0';
    lf_buf_clear(&reply->body);
    if (st == LF_OK && !set_request(asker, method, url.ptr, body))
        st = lf_no_memory(err);
    if (st == LF_OK) {
        long status = 0;
        CURLcode code = curl_easy_perform(asker->curl);
        (void)curl_easy_getinfo(asker->curl, CURLINFO_RESPONSE_CODE, &status);
        reply->status = (int)status;
        if (code != CURLE_OK)
            st = judge(asker, code, err);
    }
    asker->reply = NULL;
    lf_buf_release(&url);
    return st;
}
