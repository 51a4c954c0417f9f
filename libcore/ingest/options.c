#include "ingest/options.h"

#include <stddef.h>
#include <unistd.h>

#include "base/num.h"
#include "ingest/listen.h"
#include "store/store.h"
#include "time/time.h"

enum { LINE_MAX_DEFAULT = 256 << 10, RETRIES_MAX = 1000000 };

static const struct bytes INTERVAL = { "interval=", 9 };

/* A duration above zero; at: an int64_t of nanoseconds. */
static int take_period(void *at, const char *value, struct err *e)
{
	int64_t ns;

	if (time_parse_duration(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns <= 0)
		return err_set(e, ERR_USAGE, "expected a duration above 0");
	*(int64_t *)at = ns;
	return 0;
}

static int take_sync(void *opts, const char *value, struct err *e)
{
	struct ingest_opts *o = opts;
	struct bytes text = bytes_str(value);

	if (bytes_is(text, "always")) {
		o->sync = WAL_SYNC_ALWAYS;
		return 0;
	}
	if (bytes_is(text, "none")) {
		o->sync = WAL_SYNC_NONE;
		return 0;
	}
	if (!bytes_starts(text, INTERVAL))
		return err_set(e, ERR_USAGE,
			       "expected always, interval=DURATION or none, found '%.*s'",
			       BYTES_ARG(text));
	o->sync = WAL_SYNC_INTERVAL;
	return take_period(&o->sync_interval_ns, value + INTERVAL.n, e);
}

/* "service_name,detected_level": adds to o->add. */
static int take_add(void *opts, const char *value, struct err *e)
{
	struct ingest_opts *o = opts;
	struct bytes text = bytes_str(value), one;

	while (bytes_split(&text, ',', &one)) {
		if (bytes_is(one, "service_name"))
			o->add |= INGEST_ADD_SERVICE_NAME;
		else if (bytes_is(one, "detected_level"))
			o->add |= INGEST_ADD_DETECTED_LEVEL;
		else
			return err_set(e, ERR_USAGE,
				       "expected service_name or detected_level, found '%.*s'",
				       BYTES_ARG(one));
	}
	return 0;
}

static int take_tenant(void *opts, const char *value, struct err *e)
{
	struct ingest_opts *o = opts;

	if (labels_check_tenant(bytes_str(value), e) < 0)
		return -1;
	o->tenant = bytes_str(value);
	return 0;
}

static int take_line_max(void *opts, const char *value, struct err *e)
{
	struct ingest_opts *o = opts;
	uint64_t n;

	if (cli_read_size(value, 1, ENTRY_LINE_MAX, &n, e) < 0)
		return -1;
	o->line_max = (size_t)n;
	return 0;
}

static int take_long_lines(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "refuse", "cut", NULL };
	struct ingest_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->long_lines = (enum ingest_long)word;
	return 0;
}

/* Does ",name=" stand in a value? *ret: from that name on. */
static bool has_more_labels(struct bytes value, struct bytes *ret)
{
	struct bytes rest = value, piece, name;
	struct err ignored;

	bytes_split(&rest, ',', &piece);
	*ret = rest;
	while (bytes_split(&rest, ',', &piece)) {
		if (bytes_split(&piece, '=', &name) && piece.p &&
		    labels_check_name(name, &ignored) == 0)
			return true;
		*ret = rest;
	}
	return false;
}

static int take_label(void *opts, const char *value_text, struct err *e)
{
	struct bytes text = bytes_str(value_text), name, more, value = text;
	struct ingest_opts *o = opts;

	if (!bytes_split(&value, '=', &name) || !value.p)
		return err_set(e, ERR_USAGE, "expected NAME=VALUE, found '%.*s'", BYTES_ARG(text));
	if (o->labels.n == INGEST_LABELS_MAX)
		return err_set(e, ERR_USAGE, "more than %d labels", INGEST_LABELS_MAX);
	o->labels.v = o->label;
	o->label[o->labels.n++] = (struct label){ name, value };
	if (has_more_labels(value, &more))
		err_set(&o->hint, ERR_USAGE,
			"label '%.*s' has the value '%.*s': another label has its own -l, as -l "
			"%.*s",
			BYTES_ARG(name), BYTES_ARG(value), BYTES_ARG(more));
	return 0;
}

static int take_input(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "lines", "jsonl", "syslog", "frames", NULL };
	struct ingest_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->input = (enum ingest_input)word;
	o->warn = NULL; /* what is no text is then known to be none */
	return 0;
}

static int take_check(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "all", "heads", NULL };
	struct ingest_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->check = (enum ingest_check)word;
	return 0;
}

static int take_ack(void *at, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(int *)at = STDOUT_FILENO;
	return 0;
}

/* "10GB", or "10%" of the file system. */
static int take_reserve(void *at, const char *value, struct err *e)
{
	struct bytes text = bytes_str(value), number = bytes_sub(text, 0, text.n - 1);
	struct wal_reserve *r = at;

	if (text.n < 2 || text.p[text.n - 1] != '%')
		return cli_read_size(value, 0, UINT64_MAX, &r->bytes, e);
	if (!num_double(number, &r->percent) || !(r->percent >= 0 && r->percent <= 100))
		return err_set(e, ERR_USAGE, "expected 0%% to 100%%, found '%s'", value);
	return 0;
}

static int take_listen(void *opts, const char *value, struct err *e)
{
	struct ingest_opts *o = opts;

	if (listen_check_url(value, e) < 0)
		return -1;
	if (o->n_listen == INGEST_LISTEN_MAX)
		return err_set(e, ERR_USAGE, "more than %d addresses", INGEST_LISTEN_MAX);
	o->listen[o->n_listen++] = value;
	o->input = INGEST_SYSLOG;
	return 0;
}

static int take_retries(void *at, const char *value, struct err *e)
{
	return cli_read_count(value, 0, RETRIES_MAX, at, e);
}

static int take_folder(void *at, const char *value, struct err *e)
{
	return store_check_folder(value, e) < 0 ? -1 : cli_take_text(at, value, e);
}

/* Of rows whose function takes all of the options, or one of them. */
#define WHOLE	  0
#define AT(field) offsetof(struct ingest_opts, field)

const struct cli_taken ingest_options[] = {
	{ { 0, "wal", "DIR", "folder of the log (lokid-data/wal)" }, take_folder, AT(wal_dir) },
	{ { 0, "push", "URL", "send to this server's push API instead" },
	  httpc_take_url,
	  AT(push_url) },
	{ { 't', "tenant", "TENANT", "whose entries they are (fake)" }, take_tenant, WHOLE },
	{ { 'l', "label", "NAME=VALUE", "label of all entries; may be given many times" },
	  take_label,
	  WHOLE },
	{ { 0, "input", "lines|jsonl|syslog|frames", "what is read (lines)" }, take_input, WHOLE },
	{ { 0, "check", "all|heads", "--input frames: what of them is looked at (all)" },
	  take_check,
	  WHOLE },
	{ { 0, "listen", "udp://ADDR:PORT|tcp://ADDR:PORT",
	    "take syslog there; may be given many times" },
	  take_listen,
	  WHOLE },
	{ { 0, "syslog-labels", "NAME,...", "what of a message is a label (host,app)" },
	  cli_take_text,
	  AT(syslog_labels) },
	{ { 0, "ack", NULL, "after each commit, print how many entries are durable so far" },
	  take_ack,
	  AT(ack_fd) },
	{ { 0, "add", "service_name|detected_level", "what Loki adds by itself" },
	  take_add,
	  WHOLE },
	{ { 0, "service-labels", "NAME,...", "--add service_name: from the first of these" },
	  cli_take_text,
	  AT(service_labels) },
	{ { 0, "sync", "always|interval=DURATION|none", "fsync (always)" }, take_sync, WHOLE },
	{ { 0, "max-line", "SIZE", "longest line that is taken (256KiB)" }, take_line_max, WHOLE },
	{ { 0, "long-lines", "refuse|cut", "what is done with longer lines (refuse)" },
	  take_long_lines,
	  WHOLE },
	{ { 0, "reserve", "SIZE|PERCENT%", "refuse what would leave less free on the disk (0)" },
	  take_reserve,
	  AT(reserve) },
	{ { 0, "segment-size", "SIZE", "a segment is closed at this size (64MB)" },
	  cli_take_size,
	  AT(segment_bytes) },
	{ { 0, "segment-age", "DURATION", "or at this age (5m)" },
	  take_period,
	  AT(segment_age_ns) },
	{ { 0, "retries", "N", "--push: give up after so many more attempts (10)" },
	  take_retries,
	  AT(retries) },
	HTTPC_OPTIONS("--push", AT(http)),
	{ { 0, "progress", NULL, "show progress also when stderr is no terminal" },
	  cli_take_flag,
	  AT(show_progress) },
	{ { 'q', "quiet", NULL, "no progress, no summary" }, cli_take_flag, AT(quiet) },
	{ { 0 }, NULL, 0 },
};

/* What is for a log, and what is for a server. */
static int check_sink(const struct ingest_opts *o, struct err *e)
{
	if (httpc_given_check(&o->http, "--push", o->push_url, e) < 0)
		return -1;
	if (!o->push_url)
		return 0;
	if (o->wal_dir)
		return err_set(e, ERR_USAGE, "--wal and --push do not go together");
	if (o->sync != WAL_SYNC_ALWAYS || o->segment_bytes || o->segment_age_ns ||
	    o->reserve.bytes || o->reserve.percent > 0)
		return err_set(e, ERR_USAGE,
			       "--sync, --reserve, --segment-size and --segment-age are for a log");
	return 0;
}

int ingest_check_opts(struct ingest_opts *o, struct err *e)
{
	if (check_sink(o, e) < 0)
		return -1;
	if (!o->wal_dir)
		o->wal_dir = "lokid-data/wal";
	if (labels_normalize(&o->labels, e) < 0 || labels_check(&o->labels, e) < 0)
		return err_wrap(e, "option '--label'");
	if (o->n_listen && o->input != INGEST_SYSLOG)
		return err_set(e, ERR_USAGE, "--listen takes syslog, and nothing else");
	if (o->service_labels && !(o->add & INGEST_ADD_SERVICE_NAME))
		return err_set(e, ERR_USAGE, "--service-labels: only with --add service_name");
	if (o->input == INGEST_LINES && o->labels.n == 0 && !(o->add & INGEST_ADD_SERVICE_NAME))
		return err_set(e, ERR_USAGE, "lines need at least one label: -l NAME=VALUE");
	if (o->input == INGEST_FRAMES && (o->labels.n || o->add || o->tenant.n))
		return err_set(e, ERR_USAGE,
			       "frames say their own tenant and labels: -t, -l and --add are not "
			       "for them");
	if (o->input == INGEST_FRAMES && (o->line_max || o->long_lines != INGEST_REFUSE_LONG))
		return err_set(e, ERR_USAGE,
			       "frames are taken whole: --max-line and --long-lines are not for "
			       "them");
	if (o->check != INGEST_CHECK_ALL && o->input != INGEST_FRAMES)
		return err_set(e, ERR_USAGE, "--check: only with --input frames");
	if (o->check != INGEST_CHECK_ALL && o->push_url)
		return err_set(e, ERR_USAGE, "--check: only for a log");
	o->tenant_given = o->tenant.n > 0;
	if (!o->tenant.n)
		o->tenant = BYTES_LIT("fake");
	if (!o->line_max)
		o->line_max = LINE_MAX_DEFAULT;
	return 0;
}

static void add_tally(struct buf *b, const struct ingest_tally *t, const char *what)
{
	if (t->n == 0)
		return;
	buf_addf(b, ", %llu %s (", (unsigned long long)t->n, what);
	num_add_size(b, t->n_bytes);
	buf_add_char(b, ')');
}

void ingest_counts_add(struct buf *b, const struct ingest_counts *c, double seconds)
{
	num_add_count(b, c->done.n, "entry, ", "entries, ");
	num_add_size(b, c->done.n_bytes);
	buf_addf(b, " of lines in %.2f s (%.0f MB/s)", seconds,
		 (double)c->done.n_bytes / 1e6 / (seconds + 1e-9));
	add_tally(b, &c->cut, "cut");
	add_tally(b, &c->too_long, "refused: too long");
	add_tally(b, &c->bad, "refused: bad");
	add_tally(b, &c->damaged, num_word(c->damaged.n, "place damaged", "places damaged"));
	add_tally(b, &c->refused, c->sent ? "refused: not sent" : "refused: not written");
}
