/* The order of the questions and the words of the answers are Loki's: clients know them. */
#include "server/intake_run.h"
#include "time/time.h"

/* Whole seconds, as Go's RFC 3339 has it. */
static void add_seconds(struct buf *b, int64_t ts_ns)
{
	int64_t rest = ts_ns % NS_PER_S;

	time_add_rfc3339(b, ts_ns - (rest < 0 ? rest + NS_PER_S : rest));
}

/* As Go prints a time: "2026-01-15 10:00:00.5 +0000 UTC". */
static void add_time(struct buf *b, int64_t ts_ns)
{
	size_t at = b->n;

	time_add_rfc3339(b, ts_ns);
	b->n--; /* the Z */
	b->p[at + TIME_DAY_LEN] = ' ';
	if (memchr(b->p + at, '.', b->n - at))
		while (b->p[b->n - 1] == '0')
			b->n--;
	buf_add_str(b, " +0000 UTC");
}

/* They are long, and may be told of each of a million entries. */
static void add_labels(struct push_run *r, uint32_t stream)
{
	struct lane *lane = &r->in->lane;

	if (r->labels_of != stream) {
		buf_reset(&lane->labels);
		words_add_text(lane->words, stream, &lane->labels);
		r->labels_of = stream;
	}
	buf_add_bytes(&r->text, buf_bytes(&lane->labels));
}

static uint32_t current(const struct push_run *r)
{
	return r->stream[r->n_streams - 1].stream;
}

static bool bad_stream(struct push_run *r, enum intake_reason reason)
{
	struct buf *bad = &r->in->lane.bad;

	buf_reset(bad);
	buf_add_bytes(bad, buf_bytes(&r->text));
	r->bad_reason = reason;
	r->bad_text = buf_bytes(bad);
	return false;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* They lie in the words' scratch. */
static struct labels labels_of(const struct push_run *r, uint32_t stream)
{
	struct words *w = r->in->lane.words;

	arena_reset(&w->scratch);
	return streams_labels(w->streams, stream, &w->scratch);
}

/* No limit is above what files can hold. */
static uint64_t name_max(const struct push_run *r)
{
	return least(r->limits->max_label_name_length, LABEL_NAME_MAX);
}

static uint64_t value_max(const struct push_run *r)
{
	return least(r->limits->max_label_value_length, LABEL_VALUE_MAX);
}

/* The first label that is too long; names are looked at first. */
static bool too_long(struct push_run *r, uint32_t stream)
{
	struct labels l = labels_of(r, stream);

	for (size_t i = 0; i < l.n; i++) {
		struct label x = l.v[i];
		bool name = x.name.n > name_max(r);

		if (!name && x.value.n <= value_max(r))
			continue;
		buf_add_str(&r->text, "stream '");
		add_labels(r, stream); /* l is of no use from here */
		buf_addf(&r->text, "' has label %s too long: '", name ? "name" : "value");
		buf_add_bytes(&r->text, name ? x.name : x.value);
		buf_add_char(&r->text, '\'');
		return bad_stream(r, name ? REASON_NAME_LONG : REASON_VALUE_LONG);
	}
	return true;
}

/* Loki's distributor refuses a stream that has a name twice; other labels that are none are found
 * before it gets the push, which they end. */
void limits_refuse_labels(struct push_run *r, const struct push_labels *l, const struct err *e)
{
	struct arena *scratch = &r->in->lane.words->scratch;
	struct bytes name;

	buf_reset(&r->text);
	arena_reset(scratch);
	if (push_labels_twice(l, scratch, &name)) {
		buf_addf(&r->text, "stream '%.*s' has duplicate label name: '%.*s'",
			 BYTES_ARG(l->spelling), BYTES_ARG(name));
		bad_stream(r, REASON_NAME_TWICE);
		return;
	}
	buf_add_str(&r->text, e->msg);
	bad_stream(r, REASON_BAD_LABELS);
	if (!r->bad_labels.p)
		r->bad_labels = arena_copy(&r->in->lane.kept, r->bad_text);
}

static bool has_enforced(struct push_run *r, uint32_t stream)
{
	const struct key_names *enforced = &r->limits->enforced_labels;
	struct labels l = labels_of(r, stream);
	const char *gap = "missing required labels ";

	for (size_t i = 0; i < enforced->n; i++) {
		if (labels_get(&l, enforced->name[i]).p)
			continue;
		buf_addf(&r->text, "%s%s", gap, enforced->name[i]);
		gap = ",";
	}
	if (!r->text.n)
		return true;
	buf_addf(&r->text, " for user %.*s for stream ", BYTES_ARG(r->tenant->name));
	add_labels(r, stream);
	return bad_stream(r, REASON_NOT_ENFORCED);
}

bool limits_take_stream(struct push_run *r, uint32_t stream)
{
	const struct word_facts *f;

	buf_reset(&r->text);
	if (stream == STREAM_NONE) {
		buf_add_str(&r->text, "error at least one label pair is required per stream");
		return bad_stream(r, REASON_NO_LABELS);
	}
	f = &r->in->lane.words->facts[stream];
	if (f->n_names > r->limits->max_label_names_per_series) {
		buf_add_str(&r->text, "entry for stream '");
		add_labels(r, stream);
		buf_addf(&r->text, "' has %u label names; limit %llu", f->n_names,
			 (unsigned long long)r->limits->max_label_names_per_series);
		return bad_stream(r, REASON_NAMES);
	}
	if (f->longest_name > name_max(r) || f->longest_value > value_max(r))
		return too_long(r, stream);
	return !r->limits->enforced_labels.n || has_enforced(r, stream);
}

static bool bad_entry(struct push_run *r, enum intake_reason reason, uint64_t n_bytes)
{
	run_refuse_entry(r, reason, buf_bytes(&r->text), n_bytes);
	return false;
}

static bool bad_time(struct push_run *r, int64_t ts_ns, uint64_t n_bytes)
{
	bool old = ts_ns < r->oldest_ns;

	buf_reset(&r->text);
	buf_add_str(&r->text, "entry for stream '");
	add_labels(r, current(r));
	buf_addf(&r->text, "' has timestamp too %s: ", old ? "old" : "new");
	add_seconds(&r->text, ts_ns);
	if (old) {
		buf_add_str(&r->text, ", oldest acceptable timestamp is: ");
		add_seconds(&r->text, r->oldest_ns);
	}
	return bad_entry(r, old ? REASON_OLD : REASON_NEW, n_bytes);
}

static bool bad_line(struct push_run *r, uint64_t max, size_t line_n, uint64_t n_bytes)
{
	buf_reset(&r->text);
	buf_addf(&r->text, "Max entry size '%llu' bytes exceeded for stream '",
		 (unsigned long long)max);
	add_labels(r, current(r));
	buf_addf(&r->text, "' while adding an entry with length '%zu' bytes", line_n);
	return bad_entry(r, REASON_LINE, n_bytes);
}

static bool bad_meta(struct push_run *r, size_t n_meta, uint64_t max_n, size_t meta_bytes,
		     uint64_t n_bytes)
{
	const struct limits *l = r->limits;

	buf_reset(&r->text);
	buf_add_str(&r->text, "stream '");
	add_labels(r, current(r));
	if (!l->allow_structured_metadata) {
		buf_add_str(
			&r->text,
			"' includes structured metadata, but this feature is disallowed. Please "
			"see `limits_config.allow_structured_metadata` or contact your Loki "
			"administrator to enable it.");
		return bad_entry(r, REASON_META_NOT_ALLOWED, n_bytes);
	}
	if (l->max_structured_metadata_size && meta_bytes > l->max_structured_metadata_size) {
		buf_addf(&r->text,
			 "' has structured metadata too large: '%zu' bytes, limit: '%llu' bytes. "
			 "Please see `limits_config.max_structured_metadata_size` or contact your "
			 "Loki administrator to increase it.",
			 meta_bytes, (unsigned long long)l->max_structured_metadata_size);
		return bad_entry(r, REASON_META_LARGE, n_bytes);
	}
	buf_addf(&r->text,
		 "' has too many structured metadata labels: '%zu', limit: '%llu'. Please see "
		 "`limits_config.max_structured_metadata_entries_count` or contact your Loki "
		 "administrator to increase it.",
		 n_meta, (unsigned long long)max_n);
	return bad_entry(r, REASON_META_MANY, n_bytes);
}

/* The beginning of a line and, when there is room for it, what tells that it was cut. */
static struct bytes cut_line(struct push_run *r, struct bytes line, uint64_t max)
{
	const char *mark = r->limits->max_line_size_truncate_identifier;
	struct bytes behind = bytes_str(mark ? mark : "");

	r->cut.n++;
	r->cut.n_bytes += line.n - max;
	if (!behind.n || behind.n > max)
		return bytes_sub(line, 0, max);
	buf_reset(&r->text);
	buf_add_bytes(&r->text, bytes_sub(line, 0, max - behind.n));
	buf_add_bytes(&r->text, behind);
	return buf_bytes(&r->text);
}

bool limits_take_entry(struct push_run *r, int64_t ts_ns, struct bytes *line, size_t n_meta,
		       size_t meta_bytes)
{
	const struct limits *l = r->limits;
	uint64_t n_bytes = line->n + meta_bytes, max = l->max_line_size, max_n;

	if (ts_ns < r->oldest_ns || ts_ns > r->newest_ns)
		return bad_time(r, ts_ns, n_bytes);
	if (!max || max > ENTRY_LINE_MAX)
		max = ENTRY_LINE_MAX;
	if (line->n > max) {
		if (!l->max_line_size_truncate)
			return bad_line(r, max, line->n, n_bytes);
		*line = cut_line(r, *line, max);
	}
	if (!n_meta)
		return true;
	max_n = l->max_structured_metadata_entries_count;
	if (!max_n || max_n > LABELS_MAX)
		max_n = LABELS_MAX;
	if (!l->allow_structured_metadata || n_meta > max_n ||
	    (l->max_structured_metadata_size && meta_bytes > l->max_structured_metadata_size))
		return bad_meta(r, n_meta, max_n, meta_bytes, n_bytes);
	return true;
}

bool limits_may_take_push(const struct push_run *r)
{
	return (double)r->good_bytes <= r->limits->ingestion_burst_bytes;
}

/* Go's rate.Limiter: a burst to begin with, and what does not fit takes nothing. */
static bool take_rate(struct push_run *r, uint64_t n)
{
	struct intake_tenant *t = r->tenant;
	double burst = r->limits->ingestion_burst_bytes;

	if (!t->tokens_at_ns)
		t->tokens = burst;
	else
		t->tokens += r->limits->ingestion_rate_bytes *
			     (double)(r->mono_ns - t->tokens_at_ns) / (double)NS_PER_S;
	t->tokens_at_ns = r->mono_ns;
	if (t->tokens > burst)
		t->tokens = burst;
	if ((double)n > t->tokens)
		return false;
	t->tokens -= (double)n;
	return true;
}

/* By what was in the store when it was looked at last. */
static bool is_over_quota(struct push_run *r)
{
	struct intake_tenant *t = r->tenant;

	t->has_quota =
		r->limits->max_storage_bytes > 0 && r->limits->max_storage_action == LIMITS_REFUSE;
	if (!t->has_quota)
		t->measured = false;
	else if (!t->measured)
		quotas_wake(r->in);
	return t->has_quota && t->stored >= r->limits->max_storage_bytes;
}

int limits_take_push(struct push_run *r, struct intake_tally good)
{
	const struct limits *l = r->limits;

	buf_reset(&r->text);
	if (l->block_ingestion_until_ns > r->now_ns) {
		buf_addf(&r->text, "ingestion blocked for user %.*s until '",
			 BYTES_ARG(r->tenant->name));
		add_seconds(&r->text, l->block_ingestion_until_ns);
		buf_addf(&r->text, "' with status code '%d'", (int)l->block_ingestion_status_code);
		r->discarded[REASON_BLOCKED] = good;
		return (int)l->block_ingestion_status_code;
	}
	if (is_over_quota(r)) {
		buf_addf(&r->text,
			 "Storage quota exceeded for user %.*s: %llu bytes are stored, the limit "
			 "(max_storage_bytes) is %llu",
			 BYTES_ARG(r->tenant->name), (unsigned long long)r->tenant->stored,
			 (unsigned long long)l->max_storage_bytes);
		r->discarded[REASON_QUOTA] = good;
		return 429;
	}
	if (take_rate(r, good.n_bytes))
		return 0;
	buf_addf(&r->text,
		 "Ingestion rate limit exceeded for user %.*s (limit: %.0f bytes/sec) while "
		 "attempting to ingest '%llu' lines totaling '%llu' bytes, reduce log volume or "
		 "contact your Loki administrator to see if the limit can be increased",
		 BYTES_ARG(r->tenant->name), l->ingestion_rate_bytes, (unsigned long long)good.n,
		 (unsigned long long)good.n_bytes);
	if ((double)good.n_bytes > l->ingestion_burst_bytes)
		buf_addf(&r->text,
			 " (one push of more than %llu bytes, ingestion_burst_size_mb, is never "
			 "taken: send it in parts)",
			 (unsigned long long)l->ingestion_burst_bytes);
	r->discarded[REASON_RATE] = good;
	return 429;
}

static void drop_stream(struct push_run *r, struct run_stream *s, enum intake_reason reason)
{
	s->refused = true;
	r->discarded[reason].n += s->n;
	r->discarded[reason].n_bytes += s->n_bytes + s->n_meta_bytes;
}

static uint64_t streams_max(const struct limits *l)
{
	uint64_t a = l->max_streams_per_user, b = l->max_global_streams_per_user;

	return !a || (b && b < a) ? b : a;
}

/* One stream more, or NULL when it would be one too many. */
static struct active_stream *begin_stream(struct push_run *r, uint64_t id)
{
	struct lane *lane = &r->in->lane;
	uint64_t max = streams_max(r->limits);
	uint32_t *n = &lane->n_active[r->tenant->slot];
	bool again = r->mono_ns - lane->active.swept_ns > NS_PER_S;

	if (max && *n >= max && again)
		lane_sweep(r->in, r->mono_ns);
	if (max && *n >= max)
		return NULL;
	++*n;
	metrics_add(r->tenant->created, 1);
	return active_add(&lane->active, id, r->tenant->slot,
			  r->limits->per_stream_rate_limit_burst_bytes, r->mono_ns);
}

/* Loki tells of the first ten entries of the last stream. */
static void tell_stream_rate(struct push_run *r, const struct run_stream *s)
{
	enum { TOLD_MAX = 10 };
	struct run_entries it = run_entries_of(s);
	const struct entry_ref *v;

	buf_reset(&r->text);
	for (int i = 0; i < TOLD_MAX && (v = run_entries_next(&it)) != NULL; i++) {
		buf_add_str(&r->text, "entry with timestamp ");
		add_time(&r->text, v->ts_ns);
		buf_add_str(&r->text, " ignored, reason: 'Per stream rate limit exceeded (limit: ");
		key_add_size(&r->text, (uint64_t)r->limits->per_stream_rate_limit_bytes);
		buf_add_str(&r->text, "/sec) while attempting to ingest for stream '");
		add_labels(r, s->stream);
		buf_add_str(&r->text, "' totaling ");
		key_add_size(&r->text, v->line_len);
		buf_add_str(&r->text,
			    ", consider splitting a stream via additional labels or contact your "
			    "Loki administrator to see if the limit can be increased',\n");
	}
	buf_addf(&r->text, "user '%.*s', total ignored: %llu out of %llu for stream: ",
		 BYTES_ARG(r->tenant->name), (unsigned long long)s->n, (unsigned long long)s->n);
	add_labels(r, s->stream);
}

static void tell_stream_limit(struct push_run *r, const struct run_stream *s)
{
	buf_reset(&r->text);
	buf_add_str(&r->text, "Maximum active stream limit exceeded when trying to create stream ");
	add_labels(r, s->stream);
	buf_addf(&r->text,
		 ", reduce the number of active streams (reduce labels or reduce label values), or "
		 "contact your Loki administrator to see if the limit can be increased, user: "
		 "'%.*s'",
		 BYTES_ARG(r->tenant->name));
}

static uint64_t id_of(const struct push_run *r, const struct run_stream *s)
{
	uint64_t id;

	memcpy(&id, streams_get(r->in->lane.words->streams, s->stream)->id.b, sizeof(id));
	return id;
}

/* Asks for the memory of streams [first, end), so that it comes for all of them together. */
static void expect_streams(const struct push_run *r, size_t first, size_t end)
{
	const struct lane *lane = &r->in->lane;

	for (size_t i = first; i < end; i++)
		if (r->stream[i].n)
			__builtin_prefetch(
				&streams_get(lane->words->streams, r->stream[i].stream)->id);
	for (size_t i = first; i < end; i++)
		if (r->stream[i].n)
			active_expect(&lane->active, id_of(r, &r->stream[i]));
}

int limits_take_streams(struct push_run *r)
{
	enum { AT_ONCE = 32 };
	struct lane *lane = &r->in->lane;
	const struct limits *l = r->limits;
	int status = 0;

	for (size_t i = 0; i < r->n_streams; i++) {
		struct run_stream *s = &r->stream[i];
		struct active_stream *a;
		uint64_t id;

		if (i % AT_ONCE == 0)
			expect_streams(r, i, least(i + AT_ONCE, r->n_streams));
		if (!s->n)
			continue;
		id = id_of(r, s);
		a = active_find(&lane->active, id);
		if (!a)
			a = begin_stream(r, id);
		if (!a) {
			tell_stream_limit(r, s);
			drop_stream(r, s, REASON_STREAMS);
			status = 429;
		} else if (!active_take(&lane->active, a, l->per_stream_rate_limit_bytes,
					l->per_stream_rate_limit_burst_bytes, s->n_bytes,
					r->mono_ns)) {
			tell_stream_rate(r, s);
			drop_stream(r, s, REASON_STREAM_RATE);
			status = 429;
		}
	}
	return status;
}
