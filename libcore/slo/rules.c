#include "slo/rules.h"

#include "base/utf8.h"
#include "labels/quote.h"
#include "slo/query.h"
#include "yaml/yaml.h"

#define DAY_NS (86400 * NS_PER_S)

enum { LABELS_MAX = 64 };

/* Labels of a rule: a later one of a name goes before an earlier one. */
struct rule_labels {
	struct slo_pair v[LABELS_MAX];
	size_t n;
};

/* One file, one objective of it. */
struct writing {
	const struct slo_rules_opts *opts;
	const struct slo *slo;
	struct buf *out;
	struct buf selector;	  /* {slo="..",service=".."} */
	struct buf name, service; /* as a template has them, which alerts are */
	struct buf expr;	  /* of the rule that is being made */
	int64_t period_ns, shortest_ns;
	struct exact budget; /* 1 - target */
};

/* --- labels ---------------------------------------------------------------------------------- */

static bool is_label_name(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return name.n > 0 && !bytes_starts(name, BYTES_LIT("__"));
}

static bool is_ours(struct bytes name)
{
	return bytes_is(name, "slo") || bytes_is(name, "service") || bytes_is(name, "window") ||
	       bytes_is(name, "alertname");
}

/* The file is YAML that others read. Where they would see the end of a line, what stands behind it
 * would be rules of its own; and some characters they refuse. */
static bool is_writable(uint32_t c)
{
	static const uint32_t nbsp = 0xa0, ls = 0x2028, ps = 0x2029, bom = 0xfeff, last = 0xfffd;

	if (c == '\t' || c == '\n')
		return true;
	return c >= ' ' && !(c >= 0x7f && c < nbsp) && c != ls && c != ps && c != bom &&
	       !(c > last && c < 0x10000);
}

/* Names are of one line; queries and texts have several. */
enum lines { ONE_LINE, LINES };

static int check_text(const struct slo *o, const char *what, struct bytes text, enum lines lines,
		      struct err *e)
{
	struct buf place = { 0 };
	const char *why = utf8_valid(text) ? NULL : "is not UTF-8";

	for (size_t i = 0, n; !why && i < text.n; i += n) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &n);

		if (!is_writable(c) || (lines == ONE_LINE && c < ' '))
			why = "has a character that rules cannot have";
	}
	if (!why)
		return 0;
	slo_add_place(&place, o);
	err_set(e, ERR_USAGE, "%s: %s '%.*s': %s", buf_str(&place), what, BYTES_ARG(text), why);
	buf_release(&place);
	return -1;
}

/* Labels of rules, or annotations, which may be called as they like. */
enum pairs_of { OF_LABELS, OF_ANNOTATIONS };

static int check_pairs(const struct slo *o, const struct slo_pairs *p, enum pairs_of what,
		       struct err *e)
{
	struct buf place = { 0 };
	const char *why = p->n > LABELS_MAX / 4 ? "there are too many" : NULL;
	struct bytes name = { 0 };

	for (size_t i = 0; !why && i < p->n; i++) {
		name = p->v[i].name;
		if (!is_label_name(name))
			why = "is no name of a label";
		else if (what == OF_LABELS && is_ours(name))
			why = "is set by the rules themselves";
	}
	for (size_t i = 0; !why && i < p->n; i++)
		if (check_text(o, what == OF_LABELS ? "label" : "annotation", p->v[i].value, LINES,
			       e) < 0)
			return -1;
	if (!why)
		return 0;
	slo_add_place(&place, o);
	err_set(e, ERR_USAGE, "%s: %s '%.*s': %s", buf_str(&place),
		what == OF_LABELS ? "label" : "annotation", BYTES_ARG(name), why);
	buf_release(&place);
	return -1;
}

static void put(struct rule_labels *l, struct bytes name, struct bytes value)
{
	size_t i = 0;

	while (i < l->n && !bytes_eq(l->v[i].name, name))
		i++;
	l->v[i] = (struct slo_pair){ name, value };
	l->n += i == l->n;
}

static void put_all(struct rule_labels *l, const struct slo_pairs *p)
{
	for (size_t i = 0; i < p->n; i++)
		put(l, p->v[i].name, p->v[i].value);
}

/* What is recorded has labels as they are; those of alerts are templates. */
enum labels_as { AS_TEXT, AS_TEMPLATE };

static struct rule_labels labels_of(const struct writing *w, enum labels_as as)
{
	const struct slo *o = w->slo;
	struct rule_labels l = { 0 };

	put_all(&l, &o->labels);
	put(&l, BYTES_LIT("slo"), as == AS_TEXT ? o->name : buf_bytes(&w->name));
	if (o->service.n)
		put(&l, BYTES_LIT("service"), as == AS_TEXT ? o->service : buf_bytes(&w->service));
	return l;
}

/* A template that gives the text. */
static void add_template(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '{' || i + 1 == text.n || text.p[i + 1] != '{') {
			buf_add_char(b, text.p[i]);
			continue;
		}
		buf_add_str(b, "{{\"{{\"}}");
		i++;
	}
}

static void write_pairs(struct buf *out, const char *key, const struct rule_labels *l)
{
	if (l->n == 0)
		return;
	buf_addf(out, "        %s:\n", key);
	for (size_t i = 0; i < l->n; i++) {
		buf_addf(out, "          %.*s: ", BYTES_ARG(l->v[i].name));
		/* Always in quotes: "yes" and "1" are texts. */
		buf_add_char(out, '"');
		for (size_t k = 0; k < l->v[i].value.n; k++) {
			char c = l->v[i].value.p[k];

			if (c == '"' || c == '\\')
				buf_add_char(out, '\\');
			if ((unsigned char)c < ' ')
				buf_addf(out, "\\x%02x", (unsigned)c);
			else
				buf_add_char(out, c);
		}
		buf_add_str(out, "\"\n");
	}
}

/* --- rules ----------------------------------------------------------------------------------- */

/* The expression, each line of it indented. */
static void write_expr(struct writing *w)
{
	struct bytes rest = buf_bytes(&w->expr), line;

	buf_add_str(w->out, "        expr: |\n");
	while (bytes_split(&rest, '\n', &line))
		if (bytes_trim(line).n)
			buf_addf(w->out, "          %.*s\n", BYTES_ARG(line));
	buf_reset(&w->expr);
}

static void write_record(struct writing *w, const char *name, int64_t window_ns)
{
	struct rule_labels l = labels_of(w, AS_TEXT);
	struct buf window = { 0 };

	buf_addf(w->out, "      - record: %s", name);
	if (window_ns) {
		slo_duration_add(&window, window_ns);
		buf_add_bytes(w->out, buf_bytes(&window));
		put(&l, BYTES_LIT("window"), buf_bytes(&window));
	}
	buf_add_char(w->out, '\n');
	write_expr(w);
	write_pairs(w->out, "labels", &l);
	buf_release(&window);
}

enum rates { AS_RATES, AS_EVENTS };

/* (QUERY), of which rates become events where the others are such. */
static void add_query(struct writing *w, struct bytes query, int64_t window_ns, enum rates rates)
{
	buf_add_str(&w->expr, "(\n");
	slo_query_add(&w->expr, query, window_ns);
	buf_add_str(&w->expr, "\n)");
	if (rates == AS_EVENTS && slo_query_is_rate(query))
		buf_addf(&w->expr, " * %lld", (long long)(window_ns / NS_PER_S));
	buf_add_char(&w->expr, '\n');
}

/* The part that is bad. A series that is not there yet is 0, and where nothing is, there is no
 * ratio. */
static void add_ratio(struct writing *w, int64_t window_ns)
{
	const struct slo *o = w->slo;
	struct bytes part = o->good.n ? o->good : o->error;
	enum rates rates =
		slo_query_is_rate(part) != slo_query_is_rate(o->total) ? AS_EVENTS : AS_RATES;

	if (o->share.n) {
		buf_add_str(&w->expr, o->share_is_good ? "1 - " : "");
		add_query(w, o->share, window_ns, AS_RATES);
		return;
	}
	buf_add_str(&w->expr, o->good.n ? "clamp_min(\n" : "(\n");
	if (o->good.n) {
		add_query(w, o->total, window_ns, rates);
		buf_add_str(&w->expr, "- (\n");
	}
	add_query(w, part, window_ns, rates);
	buf_add_str(&w->expr, "or 0 *\n");
	add_query(w, o->total, window_ns, rates);
	buf_add_str(&w->expr, o->good.n ? "), 0)\n/ (\n" : ")\n/ (\n");
	add_query(w, o->total, window_ns, rates);
	buf_add_str(&w->expr, "> 0)\n");
}

static void add_recorded(struct writing *w, const char *name, int64_t window_ns)
{
	buf_add_str(&w->expr, name);
	if (window_ns)
		slo_duration_add(&w->expr, window_ns);
	buf_add_bytes(&w->expr, buf_bytes(&w->selector));
}

#define ERROR_RATIO "slo:sli_error:ratio_rate"
#define REMAINING   "slo:period_error_budget_remaining:ratio"

static void write_ratios(struct writing *w)
{
	int64_t window[2 * SLO_ALERTS_MAX + 1];
	size_t n = slo_alerts_windows(w->opts->alerts, window);
	bool has_period = false;

	for (size_t i = 0; i < n; i++)
		has_period = has_period || window[i] == w->period_ns;
	if (!has_period)
		window[n++] = w->period_ns;
	for (size_t i = 0; i < n; i++) {
		add_ratio(w, window[i]);
		write_record(w, ERROR_RATIO, window[i]);
	}
	w->shortest_ns = window[0];
}

static void add_number(struct writing *w, const char *before, struct exact v, const char *behind)
{
	buf_add_str(&w->expr, before);
	exact_add(&w->expr, v);
	buf_add_str(&w->expr, behind);
}

static void write_budget(struct writing *w)
{
	add_number(w, "vector(", w->slo->target, ")");
	write_record(w, "slo:objective:ratio", 0);
	add_number(w, "vector(", w->budget, ")");
	write_record(w, "slo:error_budget:ratio", 0);
	buf_addf(&w->expr, "vector(%g)", (double)w->period_ns / (double)DAY_NS);
	write_record(w, "slo:time_period:days", 0);
	add_recorded(w, ERROR_RATIO, w->shortest_ns);
	add_number(w, " / ", w->budget, "");
	write_record(w, "slo:current_burn_rate:ratio", 0);
	add_recorded(w, ERROR_RATIO, w->period_ns);
	add_number(w, " / ", w->budget, "");
	write_record(w, "slo:period_burn_rate:ratio", 0);
	/* What is left of the budget: the errors by what may fail, and not by the target. */
	buf_add_str(&w->expr, "1 - ");
	add_recorded(w, ERROR_RATIO, w->period_ns);
	add_number(w, " / ", w->budget, "");
	write_record(w, REMAINING, 0);
}

/* --- alerts ---------------------------------------------------------------------------------- */

/* What a file says of its alerts means those that burn: of a low budget that is another thing. */
enum told { TOLD_BY_FILE, TOLD_BY_US };

static void write_annotations(struct writing *w, const struct slo_alerting *more,
			      struct buf *summary, struct buf *description, enum told told)
{
	struct rule_labels l = { 0 };

	put(&l, BYTES_LIT("summary"), buf_bytes(summary));
	put(&l, BYTES_LIT("description"), buf_bytes(description));
	put_all(&l, &w->slo->alert_annotations);
	put_all(&l, &more->annotations);
	if (told == TOLD_BY_US) {
		put(&l, BYTES_LIT("summary"), buf_bytes(summary));
		put(&l, BYTES_LIT("description"), buf_bytes(description));
	}
	write_pairs(w->out, "annotations", &l);
	buf_release(summary);
	buf_release(description);
}

static void write_alert_head(struct writing *w, const char *name, const char *severity,
			     const struct slo_alerting *more)
{
	struct rule_labels l = labels_of(w, AS_TEMPLATE);
	struct buf alert = { 0 };

	if (w->slo->alert.n)
		buf_addf(&alert, "%.*s%s", BYTES_ARG(w->slo->alert),
			 strcmp(name, "ErrorBudgetLow") == 0 ? "BudgetLow" : "");
	else
		buf_add_str(&alert, name);
	buf_add_str(w->out, "      - alert: ");
	yaml_add_text(w->out, buf_bytes(&alert));
	buf_add_char(w->out, '\n');
	write_expr(w);
	put(&l, BYTES_LIT("severity"), bytes_str(severity));
	put_all(&l, &w->slo->alert_labels);
	put_all(&l, &more->labels);
	write_pairs(w->out, "labels", &l);
	buf_release(&alert);
}

/* One window of an alert; which one it is must not be part of the alert's own name. */
static int add_window(struct writing *w, int64_t window_ns, struct exact factor, struct err *e)
{
	struct exact threshold;

	if (!exact_product(factor, w->budget, &threshold))
		return err_set(e, ERR_LIMIT, "a factor times the budget has more than %d digits",
			       EXACT_DIGITS_MAX);
	buf_add_str(&w->expr, "max without (window) (");
	add_recorded(w, ERROR_RATIO, window_ns);
	add_number(w, " > ", threshold, ")");
	return 0;
}

static int write_burn_alert(struct writing *w, enum slo_severity severity, struct err *e)
{
	const struct slo_alerting *more = severity == SLO_PAGE ? &w->slo->page : &w->slo->ticket;
	const struct slo_alerts *a = w->opts->alerts;
	const struct ratio target = ratio_exact(w->slo->target);
	struct buf summary = { 0 }, description = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].severity != severity || more->disabled)
			continue;
		buf_add_str(&w->expr, n++ ? "or (\n" : "(\n");
		if (add_window(w, a->v[i].long_ns, a->v[i].factor, e) < 0)
			return -1;
		buf_add_str(&w->expr, "\nand\n");
		if (add_window(w, a->v[i].short_ns, a->v[i].factor, e) < 0)
			return -1;
		buf_add_str(&w->expr, "\n)\n");
	}
	if (n == 0)
		return 0;
	write_alert_head(w, "ErrorBudgetBurn", slo_severity_name(severity), more);
	buf_addf(&summary, "The error budget of %s burns too fast", buf_str(&w->name));
	buf_addf(&description, "{{ $value | humanizePercentage }} of events are bad; ");
	ratio_add_percent(&description, &target, RATIO_ALL_DIGITS);
	buf_add_str(&description, " are to be good.");
	write_annotations(w, more, &summary, &description, TOLD_BY_FILE);
	return 0;
}

static void write_low_alert(struct writing *w)
{
	struct buf summary = { 0 }, description = { 0 };

	if (w->opts->low.units == 0 || w->slo->ticket.disabled)
		return;
	add_recorded(w, REMAINING, 0);
	add_number(w, " < ", w->opts->low, "");
	write_alert_head(w, "ErrorBudgetLow", "ticket", &w->slo->ticket);
	buf_addf(&summary, "Little is left of the error budget of %s", buf_str(&w->name));
	buf_add_str(&description, "{{ $value | humanizePercentage }} of the budget of ");
	slo_period_add(&description, &w->slo->period);
	buf_add_str(&description, " is left; below 0 more failed than may.");
	write_annotations(w, &w->slo->ticket, &summary, &description, TOLD_BY_US);
}

/* --- files ----------------------------------------------------------------------------------- */

static void add_selector(struct buf *b, const struct slo *o)
{
	buf_add_str(b, "{slo=");
	quote_add(b, o->name);
	/* Also of none: else those of a service with an objective of that name would be meant, too.
	 */
	buf_add_str(b, ",service=");
	quote_add(b, o->service);
	buf_add_char(b, '}');
}

static int check_texts(const struct slo *o, struct err *e)
{
	const struct {
		const char *what;
		struct bytes text;
		enum lines lines;
	} texts[] = { { "name", o->name, ONE_LINE },	       { "service", o->service, ONE_LINE },
		      { "alert", o->alert, ONE_LINE },	       { "error query", o->error, LINES },
		      { "good query", o->good, LINES },	       { "total query", o->total, LINES },
		      { "error ratio query", o->share, LINES } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (check_text(o, texts[i].what, texts[i].text, texts[i].lines, e) < 0)
			return -1;
	return 0;
}

static int check(const struct slo *o, struct err *e)
{
	const struct slo_pairs *const labels[] = { &o->labels, &o->alert_labels, &o->page.labels,
						   &o->ticket.labels };
	const struct slo_pairs *const annotations[] = { &o->alert_annotations, &o->page.annotations,
							&o->ticket.annotations };
	struct buf place = { 0 };

	if (!slo_has_queries(o)) {
		slo_add_place(&place, o);
		err_set(e, ERR_USAGE, "%s: has no queries", buf_str(&place));
		buf_release(&place);
		return -1;
	}
	if (check_texts(o, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (check_pairs(o, labels[i], OF_LABELS, e) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(annotations) / sizeof(*annotations); i++)
		if (check_pairs(o, annotations[i], OF_ANNOTATIONS, e) < 0)
			return -1;
	return 0;
}

/* A service or a name, of which no two pairs may give one name of a group. */
static void add_part(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '/' || text.p[i] == '~')
			buf_add_str(b, text.p[i] == '/' ? "~1" : "~0");
		else
			buf_add_char(b, text.p[i]);
	}
}

static int write_group(struct writing *w, struct err *e)
{
	const struct slo *o = w->slo;
	struct buf name = { 0 };

	buf_add_str(&name, "slo-");
	if (o->service.n) {
		add_part(&name, o->service);
		buf_add_char(&name, '/');
	}
	add_part(&name, o->name);
	buf_add_str(w->out, "  - name: ");
	yaml_add_text(w->out, buf_bytes(&name));
	buf_add_char(w->out, '\n');
	buf_release(&name);
	if (w->opts->interval_ns) {
		buf_add_str(w->out, "    interval: ");
		slo_duration_add(w->out, w->opts->interval_ns);
		buf_add_char(w->out, '\n');
	}
	if (o->period.kind != SLO_ROLLING)
		buf_add_str(
			w->out,
			"    # Prometheus knows no calendar: the window is a rolling one, of the "
			"longest that there is.\n");
	buf_add_str(w->out, "    rules:\n");
	write_ratios(w);
	write_budget(w);
	if (write_burn_alert(w, SLO_PAGE, e) < 0 || write_burn_alert(w, SLO_TICKET, e) < 0)
		return -1;
	write_low_alert(w);
	return 0;
}

int slo_rules_write(const struct slo_set *set, const struct slo_rules_opts *o, struct buf *out,
		    struct err *e)
{
	const struct exact one = { 1, 0 };
	int rc = 0;

	buf_add_str(
		out,
		"# Made by slo-budget rules: change the objectives, and make it anew.\ngroups:\n");
	for (size_t i = 0; rc == 0 && i < set->n; i++) {
		struct writing w = { .opts = o, .slo = &set->v[i], .out = out };

		w.period_ns = slo_period_longest(&w.slo->period);
		add_selector(&w.selector, w.slo);
		add_template(&w.name, w.slo->name);
		add_template(&w.service, w.slo->service);
		if (check(w.slo, e) < 0)
			rc = -1;
		else if (!exact_sum(one, exact_negative(w.slo->target), &w.budget))
			rc = err_set(e, ERR_LIMIT, "the target has more than %d digits",
				     EXACT_DIGITS_MAX);
		else
			rc = write_group(&w, e);
		buf_release(&w.selector);
		buf_release(&w.name);
		buf_release(&w.service);
		buf_release(&w.expr);
	}
	return rc;
}
