/* Health and metrics. */
#include "server/admin.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METRICS_BYTES_MAX = 16 * 1024 * 1024 };

static void
answer(struct lf_http_request *request, int status, const char *type, struct lf_buf *body)
{
    const struct lf_http_header headers[] = {{LF_LIT("Cache-Control"), LF_LIT("no-store")},
                                             {LF_LIT("Allow"), LF_LIT("GET, HEAD")}};
    struct lf_http_response response = {.status = body->failed != LF_OK ? 503 : status,
                                        .content_type = type,
                                        .headers = headers,
                                        .header_count = status == 405 ? 2 : 1};
    lf_http_respond_with(request, &response, body);
}

static void
live(struct lf_http_request *request)
{
    struct lf_buf body;
    lf_buf_init(&body, 64);
    lf_buf_add_text(&body, "{\"status\":\"live\"}\n");
    answer(request, 200, "application/json", &body);
}

static void
ready(const struct lf_admin *admin, struct lf_http_request *request)
{
    struct lf_admin_check checks[LF_ADMIN_CHECKS_MAX] = {0};
    size_t count = admin->checks(admin->ctx, checks);
    bool all = true;
    struct lf_buf body;
    lf_buf_init(&body, 16 * 1024);
    for (size_t i = 0; i < count; i++)
        all = all && checks[i].ok;
    lf_buf_printf(&body, "{\"status\":\"%s\",\"checks\":{", all ? "ready" : "not ready");
    for (size_t i = 0; i < count; i++) {
        lf_buf_printf(&body, "%s\"%s\":{\"ok\":%s", i != 0 ? "," : "", checks[i].name, checks[i].ok ? "true" : "false");
        if (!checks[i].ok) {
            lf_buf_add_text(&body, ",\"error\":");
            lf_json_write_string(&body, lf_bytes_of(checks[i].text));
        }
        lf_buf_add_char(&body, '}');
    }
    lf_buf_add_text(&body, "}}\n");
    answer(request, all ? 200 : 503, "application/json", &body);
}

/* Resident pages of this process: the second number of statm (proc(5)). */
static long
resident_pages(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    const char *resident = fgets(line, sizeof(line), file) != NULL ? strchr(line, ' ') : NULL;
    fclose(file);
    return resident != NULL ? strtol(resident, NULL, 10) : 0;
}

/* What Prometheus's client libraries call the process's own figures. */
static void
add_process_metrics(struct lf_buf *out)
{
    lf_buf_printf(out,
                  "# HELP process_resident_memory_bytes Resident memory\n# TYPE process_resident_memory_bytes gauge\n"
                  "process_resident_memory_bytes %ld\n",
                  resident_pages() * sysconf(_SC_PAGESIZE));
    lf_buf_add_text(out, "# HELP logfirst_build_info The version that runs\n# TYPE logfirst_build_info gauge\n"
                         "logfirst_build_info{version=\"" LF_VERSION "\"} 1\n");
}

static void
metrics(struct lf_http_request *request)
{
    struct lf_buf body;
    lf_buf_init(&body, METRICS_BYTES_MAX);
    lf_metrics_render(&body);
    add_process_metrics(&body);
    answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

void
lf_admin_handle(void *ctx, struct lf_http_request *request)
{
    const struct lf_admin *admin = ctx;
    struct lf_buf body;
    lf_buf_init(&body, 256);
    if (!lf_bytes_equal_text(request->method, "GET") && !lf_bytes_equal_text(request->method, "HEAD")) {
        lf_buf_add_text(&body, "use GET\n");
        answer(request, 405, "text/plain", &body);
    } else if (lf_bytes_equal_text(request->path, "/health/live")) {
        live(request);
    } else if (lf_bytes_equal_text(request->path, "/health/ready") || lf_bytes_equal_text(request->path, "/health")) {
        ready(admin, request);
    } else if (lf_bytes_equal_text(request->path, "/metrics")) {
        metrics(request);
    } else {
        lf_buf_add_text(&body, "there are /health/live, /health/ready and /metrics\n");
        answer(request, 404, "text/plain", &body);
    }
}
