#include "cost/alert_send.h"

#include "base/io.h"
#include "base/num.h"
#include "cost/label_name.h"
#include "cost/money.h"
#include "json/json.h"
#include "time/time.h"

enum { URL_MAX_BYTES = 4096, TEXT_ALERTS_MAX = 5 };

/* --- bodies ---------------------------------------------------------------------------------- */

static void add_quoted(struct buf *out, struct buf *text)
{
	json_add_quoted(out, buf_bytes(text));
	buf_reset(text);
}

static void add_webhook(const struct cost_report *r, const struct cost_alerts *a, struct buf *out)
{
	struct buf text = { 0 };

	num_add_count(&text, a->n, "cost alert", "cost alerts");
	for (size_t i = 0; i < a->n && i < TEXT_ALERTS_MAX; i++) {
		buf_add_str(&text, i ? "; " : ": ");
		cost_alert_text(r, &a->v[i], &text);
	}
	if (a->n > TEXT_ALERTS_MAX)
		buf_add_str(&text, "; ...");
	buf_add_str(out, "{\"text\":");
	add_quoted(out, &text);
	buf_add_str(out, ",\"currency\":");
	json_add_quoted(out, r->currency);
	buf_add_str(out, ",\"alerts\":[");
	for (size_t i = 0; i < a->n; i++) {
		buf_add_str(out, i ? "," : "");
		cost_alert_json(r, &a->v[i], out);
	}
	buf_add_str(out, "]}\n");
	buf_release(&text);
}

static void add_labels(const struct cost_report *r, const struct cost_alert *a, struct buf *out)
{
	static const char *const taken[] = { "alertname", "severity", "period",
					     "threshold", "currency", NULL };
	const struct cost_threshold *t = a->threshold;
	struct buf text = { 0 };

	buf_addf(out, "\"labels\":{\"alertname\":\"%s\",\"severity\":\"warning\",\"period\":\"%s\"",
		 t->limit == COST_AMOUNT ? "CostAboveThreshold" : "CostGrowth",
		 period_name(t->period));
	buf_add_str(out, ",\"currency\":");
	json_add_quoted(out, r->currency);
	buf_add_str(out, ",\"threshold\":");
	json_add_quoted(out, bytes_str(t->text));
	if (t->dim != COST_DIMS_MAX) {
		buf_add_str(out, ",\"");
		cost_add_label_name(out, r->dims->name[t->dim], taken);
		buf_add_str(out, "\":");
		cost_add_group(r, a->row.group, &text);
		add_quoted(out, &text);
	}
	buf_add_char(out, '}');
	buf_release(&text);
}

static void add_annotations(const struct cost_report *r, const struct cost_alert *a,
			    struct buf *out)
{
	struct buf text = { 0 };
	char of[PERIOD_TEXT];

	buf_add_str(out, ",\"annotations\":{\"summary\":");
	cost_alert_text(r, a, &text);
	add_quoted(out, &text);
	buf_add_str(out, ",\"cost\":");
	money_text(&text, a->row.nano);
	add_quoted(out, &text);
	period_text(a->threshold->period, a->row.start, of);
	buf_addf(out, ",\"of\":\"%s\"}", of);
	buf_release(&text);
}

/* Is it the last one of its threshold and group? They stand in this order. */
static bool is_last(const struct cost_alerts *a, size_t i)
{
	return i + 1 == a->n || a->v[i + 1].threshold != a->v[i].threshold ||
	       a->v[i + 1].row.group != a->v[i].row.group;
}

static void add_list(const struct cost_report *r, const struct cost_alerts *a, int64_t now_ns,
		     int64_t end_ns, struct buf *out)
{
	size_t n = 0;

	buf_add_char(out, '[');
	for (size_t i = 0; i < a->n; i++) {
		if (!is_last(a, i))
			continue;
		buf_add_str(out, n++ ? ",{" : "{");
		add_labels(r, &a->v[i], out);
		add_annotations(r, &a->v[i], out);
		/* Without the first it would begin when it ends. */
		buf_add_str(out, ",\"startsAt\":\"");
		time_add_rfc3339(out, now_ns);
		buf_add_str(out, "\",\"endsAt\":\"");
		time_add_rfc3339(out, end_ns);
		buf_add_str(out, "\"}");
	}
	buf_add_str(out, "]\n");
}

/* --- sending --------------------------------------------------------------------------------- */

int cost_sending_check(const struct cost_sending *s, struct err *e)
{
	static const char who[] = "--webhook, --webhook-file or --alertmanager";
	int n = !!s->webhook + !!s->webhook_file + !!s->alertmanager;
	const char *any = s->webhook	    ? s->webhook
			  : s->webhook_file ? s->webhook_file
					    : s->alertmanager;

	if (s->webhook && s->webhook_file)
		return err_set(e, ERR_USAGE, "options '--webhook', '--webhook-file': only one");
	if (httpc_given_check(&s->given, who, any, e) < 0)
		return -1;
	if (n > 1 && (s->given.token_file || s->given.user_file || s->given.http.n_headers))
		return err_set(
			e, ERR_USAGE,
			"options '--token-file', '--user-file', '--header': they are for one "
			"server, and two are named");
	return 0;
}

/* shown: what messages call the server; NULL: the URL, which is not for everybody, is that of a
 * file. */
static int post(struct cost_sending *s, const char *url, const char *shown, const struct buf *body,
		struct err *e)
{
	struct httpc_request q = { .method = "POST",
				   .url = url,
				   .shown = shown,
				   .body = buf_bytes(body),
				   .header = { "Content-Type: application/json" },
				   .n_headers = 1 };
	struct httpc_answer answer = { 0 };
	struct httpc *h = NULL;
	int rc = httpc_open(&s->given.http, &h, e);

	if (rc == 0)
		rc = httpc_do(h, &q, &answer, e);
	if (rc < 0 && answer.is_strange) /* the server's fault, and not that of the options */
		e->code = ERR_AGAIN;
	if (rc < 0 && !shown) /* nor is its host, which libcurl names */
		rc = err_set(e, e->code, "'%s': the server that it names did not answer",
			     s->webhook_file);
	if (rc == 0 && (answer.status < 200 || answer.status > 299))
		rc = httpc_refused(shown ? shown : s->webhook_file, &answer, ERR_IO, e);
	httpc_answer_release(&answer);
	httpc_close(h);
	return rc;
}

/* A webhook's path may be a secret: "https://hooks.example:8443". */
static void add_server(const char *url, struct buf *out)
{
	const char *end = strstr(url, "://"); /* httpc_take_url has seen it */
	const char *host = end ? end + 3 : url;

	buf_add(out, url, (size_t)(host - url) + strcspn(host, "/?#"));
}

static int send_webhook(struct cost_sending *s, struct err *e)
{
	struct buf url = { 0 }, server = { 0 };
	int rc = 0;

	if (s->webhook)
		add_server(s->webhook, &server);
	if (s->webhook_file) {
		rc = io_read_file(s->webhook_file, URL_MAX_BYTES, &url, e);
		url.n = bytes_trim(buf_bytes(&url)).n; /* nothing stands before it */
		if (rc == 0 && httpc_check_url(buf_str(&url), NULL) < 0)
			rc = err_set(e, ERR_USAGE, "'%s': expected one URL, http or https",
				     s->webhook_file);
	}
	if (rc == 0)
		rc = s->webhook_file ? post(s, buf_str(&url), NULL, &s->for_webhook, e)
				     : post(s, s->webhook, buf_str(&server), &s->for_webhook, e);
	buf_release(&url);
	buf_release(&server);
	return rc;
}

static int send_list(struct cost_sending *s, struct err *e)
{
	struct buf url = { 0 };
	const char *text;
	int rc;

	buf_add_str(&url, s->alertmanager);
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	buf_add_str(&url, "/api/v2/alerts");
	text = buf_str(&url);
	rc = post(s, text, text, &s->for_alertmanager, e);
	buf_release(&url);
	return rc;
}

void cost_sending_write(struct cost_sending *s, const struct cost_report *r,
			const struct cost_alerts *a, int64_t now_ns)
{
	int64_t end_ns;

	if (__builtin_add_overflow(now_ns, s->last_ns, &end_ns))
		end_ns = INT64_MAX;
	if (a->n && (s->webhook || s->webhook_file))
		add_webhook(r, a, &s->for_webhook);
	if (a->n && s->alertmanager)
		add_list(r, a, now_ns, end_ns, &s->for_alertmanager);
}

bool cost_sending_has(const struct cost_sending *s)
{
	return s->for_webhook.n || s->for_alertmanager.n;
}

void cost_sending_send(struct cost_sending *s, void (*fault)(void *data, const struct err *e),
		       void *data)
{
	struct err e;

	if (!cost_sending_has(s))
		return;
	/* What the environment has is for Loki's servers. */
	if ((s->given.token_file || s->given.user_file) && httpc_given_read(&s->given, &e) < 0) {
		fault(data, &e);
	} else {
		if (s->for_webhook.n && send_webhook(s, &e) < 0) {
			err_wrap(&e, "the alerts are not at the webhook");
			fault(data, &e);
		}
		if (s->for_alertmanager.n && send_list(s, &e) < 0) {
			err_wrap(&e, "the alerts are not at Alertmanager");
			fault(data, &e);
		}
	}
	httpc_given_release(&s->given);
	buf_release(&s->for_webhook);
	buf_release(&s->for_alertmanager);
}
